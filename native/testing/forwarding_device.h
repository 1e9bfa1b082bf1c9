#pragma once

#include <memory>
#include <utility>

#include "device/device.h"

namespace gru::testing {

/// Passes every call on to another device. Tests override the calls that they observe.
class ForwardingDevice : public Device {
 public:
  explicit ForwardingDevice(std::unique_ptr<Device> device) : device_(std::move(device)) {}

  Status allocate(std::size_t bytes, void*& memory) override {
    return device_->allocate(bytes, memory);
  }
  void release(void* memory, std::size_t bytes) noexcept override {
    device_->release(memory, bytes);
  }
  std::size_t held_bytes() const noexcept override { return device_->held_bytes(); }
  void count_host_bytes(std::size_t before, std::size_t now) noexcept override {
    device_->count_host_bytes(before, now);
  }
  void release_scratch() noexcept override { device_->release_scratch(); }
  bool shares_host_memory() const noexcept override { return device_->shares_host_memory(); }
  Status upload(DeviceSpan<float> to, std::span<const float> from) override {
    return device_->upload(to, from);
  }
  Status upload(DeviceSpan<std::int32_t> to, std::span<const std::int32_t> from) override {
    return device_->upload(to, from);
  }
  Status download(std::span<float> to, DeviceSpan<const float> from) override {
    return device_->download(to, from);
  }
  Status download(StepMetrics& to, DeviceSpan<const StepMetrics> from) override {
    return device_->download(to, from);
  }
  Status fill(DeviceMatrix<float> to, float value) override { return device_->fill(to, value); }
  Status copy(DeviceMatrix<float> to, DeviceMatrix<const float> from) override {
    return device_->copy(to, from);
  }
  Status add(DeviceMatrix<float> to, DeviceMatrix<const float> from) override {
    return device_->add(to, from);
  }
  Status gather_rows(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                     DeviceSpan<const std::int32_t> index) override {
    return device_->gather_rows(to, from, index);
  }
  Status gather_rows(DeviceSpan<std::int32_t> to, DeviceSpan<const std::int32_t> from,
                     DeviceSpan<const std::int32_t> index) override {
    return device_->gather_rows(to, from, index);
  }
  Status create_recurrent_weights(const RecurrentShape& shape,
                                  std::unique_ptr<RecurrentWeights>& weights) override {
    return device_->create_recurrent_weights(shape, weights);
  }
  Status load_recurrent_weights(RecurrentWeights& weights,
                                const RecurrentTensors<const float>& from) override {
    return device_->load_recurrent_weights(weights, from);
  }
  Status recurrent_forward(RecurrentWeights& weights, const RecurrentForward& call) override {
    return device_->recurrent_forward(weights, call);
  }
  Status recurrent_backward(RecurrentWeights& weights, const RecurrentBackward& call) override {
    return device_->recurrent_backward(weights, call);
  }
  Status gemm(const Gemm& product) override { return device_->gemm(product); }
  Status create_linear_weights(std::unique_ptr<LinearWeights>& weights) override {
    return device_->create_linear_weights(weights);
  }
  Status load_linear_weights(LinearWeights& weights, DeviceMatrix<const float> from) override {
    return device_->load_linear_weights(weights, from);
  }
  Status linear_forward(LinearWeights& weights, const LinearForward& call) override {
    return device_->linear_forward(weights, call);
  }
  Status column_sums(DeviceSpan<float> to, DeviceMatrix<const float> from) override {
    return device_->column_sums(to, from);
  }
  Status embedding_backward(DeviceMatrix<float> table_gradient,
                            DeviceSpan<const std::int32_t> tokens,
                            DeviceMatrix<const float> d_output) override {
    return device_->embedding_backward(table_gradient, tokens, d_output);
  }
  Status dropout(DeviceMatrix<float> to, DeviceMatrix<const float> from, const DropoutMask& mask,
                 DeviceSpan<const std::int32_t> number) override {
    return device_->dropout(to, from, mask, number);
  }
  Status activate(DeviceMatrix<float> values, Activation activation) override {
    return device_->activate(values, activation);
  }
  Status activate_backward(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                           DeviceMatrix<const float> values, Activation activation) override {
    return device_->activate_backward(to, from, values, activation);
  }
  Status layer_norm_forward(const LayerNormForward& call) override {
    return device_->layer_norm_forward(call);
  }
  Status layer_norm_backward(const LayerNormBackward& call) override {
    return device_->layer_norm_backward(call);
  }
  Status sequence_means(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                        const SequenceRows& rows) override {
    return device_->sequence_means(to, from, rows);
  }
  Status spread_means(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                      const SequenceRows& rows) override {
    return device_->spread_means(to, from, rows);
  }
  Status attention_forward(const AttentionForward& call) override {
    return device_->attention_forward(call);
  }
  Status attention_backward(const AttentionBackward& call) override {
    return device_->attention_backward(call);
  }
  Status cross_entropy(const CrossEntropyCall& call) override {
    return device_->cross_entropy(call);
  }
  Status value_loss(const ValueLossCall& call) override { return device_->value_loss(call); }
  Status ctc(const CtcCall& call) override { return device_->ctc(call); }
  Status gradient_norm(DeviceSpan<const float> gradients,
                       DeviceSpan<StepMetrics> metrics) override {
    return device_->gradient_norm(gradients, metrics);
  }
  Status clip_norm(DeviceSpan<float> gradients, DeviceSpan<const StepMetrics> metrics,
                   double limit) override {
    return device_->clip_norm(gradients, metrics, limit);
  }
  Status clip_value(DeviceSpan<float> gradients, double limit) override {
    return device_->clip_value(gradients, limit);
  }
  Status optimizer_update(const OptimizerUpdate& update) override {
    return device_->optimizer_update(update);
  }
  Status lerp(DeviceSpan<float> to, DeviceSpan<const float> from, double weight) override {
    return device_->lerp(to, from, weight);
  }

 protected:
  Device& device() { return *device_; }

 private:
  std::unique_ptr<Device> device_;
};

}  // namespace gru::testing
