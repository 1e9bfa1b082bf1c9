#include "cpu/cpu_device.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/aligned_memory.h"
#include "cpu/attention.h"
#include "cpu/held_bytes.h"
#include "cpu/layers.h"
#include "cpu/losses.h"
#include "cpu/pointwise.h"
#include "cpu/products/gemm.h"
#include "cpu/products/linear_weights.h"
#include "cpu/recurrence/backward.h"
#include "cpu/recurrence/forward.h"

namespace gru::cpu {

namespace {

CpuRecurrentWeights& own(RecurrentWeights& weights) {
  return static_cast<CpuRecurrentWeights&>(weights);
}

CpuLinearWeights& own(LinearWeights& weights) { return static_cast<CpuLinearWeights&>(weights); }

template <class T>
void copy_all(T* to, const T* from, std::size_t count) {
  if (count > 0) std::memcpy(to, from, count * sizeof(T));
}

class CpuDevice final : public Device {
 public:
  /// Its bytes are counted in `held`, together with those of the other devices of the same model.
  explicit CpuDevice(std::shared_ptr<HeldBytes> held) : held_(std::move(held)) {}
  ~CpuDevice() override { recount(*held_, counted_, 0); }

  Status create_sibling(std::unique_ptr<Device>& sibling) override {
    sibling = std::make_unique<CpuDevice>(held_);
    return {};
  }

  Status allocate(std::size_t bytes, void*& memory) override {
    memory = allocate_aligned(bytes);
    if (memory != nullptr) {
      held_->fetch_add(bytes, std::memory_order_relaxed);
      return {};
    }
    return Status::memory("the CPU device has no " + std::to_string(bytes) + " bytes left");
  }

  void release(void* memory, std::size_t bytes) noexcept override {
    free_aligned(memory);
    held_->fetch_sub(bytes, std::memory_order_relaxed);
  }

  std::size_t held_bytes() const noexcept override {
    return held_->load(std::memory_order_relaxed);
  }

  void count_host_bytes(std::size_t before, std::size_t now) noexcept override {
    held_->fetch_add(now - before, std::memory_order_relaxed);
  }

  void release_scratch() noexcept override {
    recurrence_ = RecurrenceScratch();
    products_ = GemmScratch();
    count_scratch();
  }

  bool shares_host_memory() const noexcept override { return true; }

  Status upload(DeviceSpan<float> to, std::span<const float> from) override {
    copy_all(to.data(), from.data(), from.size());
    return {};
  }

  Status upload(DeviceSpan<std::int32_t> to, std::span<const std::int32_t> from) override {
    copy_all(to.data(), from.data(), from.size());
    return {};
  }

  Status download(std::span<float> to, DeviceSpan<const float> from) override {
    copy_all(to.data(), from.data(), to.size());
    return {};
  }

  Status download(StepMetrics& to, DeviceSpan<const StepMetrics> from) override {
    to = *from.data();
    return {};
  }

  Status fill(DeviceMatrix<float> to, float value) override {
    for (std::size_t i = 0; i < to.rows(); ++i) {
      std::fill_n(to.data() + i * to.stride(), to.columns(), value);
    }
    return {};
  }

  Status copy(DeviceMatrix<float> to, DeviceMatrix<const float> from) override {
    if (to.is_dense() && from.is_dense()) {
      copy_all(to.data(), from.data(), from.rows() * from.columns());
      return {};
    }
    for (std::size_t i = 0; i < from.rows(); ++i) {
      copy_all(to.data() + i * to.stride(), from.data() + i * from.stride(), from.columns());
    }
    return {};
  }

  Status add(DeviceMatrix<float> to, DeviceMatrix<const float> from) override {
    cpu::add(to, from);
    return {};
  }

  Status gather_rows(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                     DeviceSpan<const std::int32_t> index) override {
    cpu::gather_rows(to.data(), to.stride(), from.data(), from.stride(), to.columns(), index);
    return {};
  }

  Status gather_rows(DeviceSpan<std::int32_t> to, DeviceSpan<const std::int32_t> from,
                     DeviceSpan<const std::int32_t> index) override {
    cpu::gather_rows(to.data(), 1, from.data(), 1, 1, index);
    return {};
  }

  Status create_recurrent_weights(const RecurrentShape& shape,
                                  std::unique_ptr<RecurrentWeights>& weights) override {
    weights = std::make_unique<CpuRecurrentWeights>(shape, *held_);
    return {};
  }

  Status load_recurrent_weights(RecurrentWeights& weights,
                                const RecurrentTensors<const float>& from) override {
    own(weights).load(from);
    return {};
  }

  Status recurrent_forward(RecurrentWeights& weights, const RecurrentForward& call) override {
    Status status = cpu::recurrent_forward(own(weights), call, recurrence_);
    count_scratch();
    return status;
  }

  Status recurrent_backward(RecurrentWeights& weights, const RecurrentBackward& call) override {
    Status status = cpu::recurrent_backward(own(weights), call, recurrence_, products_.transposed);
    count_scratch();
    return status;
  }

  Status gemm(const Gemm& product) override {
    Status status = multiply(product, products_);
    count_scratch();
    return status;
  }

  Status create_linear_weights(std::unique_ptr<LinearWeights>& weights) override {
    weights = std::make_unique<CpuLinearWeights>(*held_);
    return {};
  }

  Status load_linear_weights(LinearWeights& weights, DeviceMatrix<const float> from) override {
    own(weights).load(from);
    return {};
  }

  Status linear_forward(LinearWeights& weights, const LinearForward& call) override {
    return own(weights).forward(call);
  }

  Status column_sums(DeviceSpan<float> to, DeviceMatrix<const float> from) override {
    cpu::column_sums(to.data(), from);
    return {};
  }

  Status embedding_backward(DeviceMatrix<float> table_gradient,
                            DeviceSpan<const std::int32_t> tokens,
                            DeviceMatrix<const float> d_output) override {
    cpu::embedding_backward(table_gradient, tokens, d_output);
    return {};
  }

  Status dropout(DeviceMatrix<float> to, DeviceMatrix<const float> from, const DropoutMask& mask,
                 DeviceSpan<const std::int32_t> number) override {
    cpu::dropout(to, from, mask, number);
    return {};
  }

  Status activate(DeviceMatrix<float> values, Activation activation) override {
    cpu::activate(values, activation);
    return {};
  }

  Status activate_backward(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                           DeviceMatrix<const float> values, Activation activation) override {
    cpu::activate_backward(to, from, values, activation);
    return {};
  }

  Status layer_norm_forward(const LayerNormForward& call) override {
    cpu::layer_norm_forward(call);
    return {};
  }

  Status layer_norm_backward(const LayerNormBackward& call) override {
    cpu::layer_norm_backward(call);
    return {};
  }

  Status sequence_means(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                        const SequenceRows& rows) override {
    cpu::sequence_means(to, from, rows);
    return {};
  }

  Status spread_means(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                      const SequenceRows& rows) override {
    cpu::spread_means(to, from, rows);
    return {};
  }

  Status attention_forward(const AttentionForward& call) override {
    cpu::attention_forward(call);
    return {};
  }

  Status attention_backward(const AttentionBackward& call) override {
    cpu::attention_backward(call);
    return {};
  }

  Status cross_entropy(const CrossEntropyCall& call) override {
    cpu::cross_entropy(call);
    return {};
  }

  Status value_loss(const ValueLossCall& call) override {
    cpu::value_loss(call);
    return {};
  }

  Status ctc(const CtcCall& call) override {
    cpu::ctc(call);
    return {};
  }

  Status gradient_norm(DeviceSpan<const float> gradients,
                       DeviceSpan<StepMetrics> metrics) override {
    metrics.data()->gradient_norm = norm(gradients);
    return {};
  }

  Status clip_norm(DeviceSpan<float> gradients, DeviceSpan<const StepMetrics> metrics,
                   double limit) override {
    constexpr double epsilon = 1e-6;  // PyTorch's
    const double factor = limit / (metrics.data()->gradient_norm + epsilon);
    if (!(factor >= 1)) scale(gradients, static_cast<float>(factor));  // NaN passes through
    return {};
  }

  Status clip_value(DeviceSpan<float> gradients, double limit) override {
    clamp(gradients, static_cast<float>(limit));
    return {};
  }

  Status optimizer_update(const OptimizerUpdate& update) override {
    cpu::optimizer_update(update);
    return {};
  }

  Status lerp(DeviceSpan<float> to, DeviceSpan<const float> from, double weight) override {
    cpu::lerp(to, from, static_cast<float>(weight));
    return {};
  }

 private:
  void count_scratch() noexcept {
    recount(*held_, counted_, recurrence_.bytes() + products_.bytes());
  }

  std::shared_ptr<HeldBytes> held_;
  std::size_t counted_ = 0;  ///< of the scratch memory
  RecurrenceScratch recurrence_;
  GemmScratch products_;
};

}  // namespace

Status create_device(std::unique_ptr<Device>& device) noexcept {
  return guarded([&]() -> Status {
    device = std::make_unique<CpuDevice>(std::make_shared<HeldBytes>(0));
    return {};
  });
}

}  // namespace gru::cpu
