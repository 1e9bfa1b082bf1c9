#include <cmath>
#include <cstring>

#include "train/nonfinite.h"
#include "train/trainer.h"

/// Training with losses that the caller computes.

namespace gru {

template <class T>
std::span<const T> TrainingPass::keep(std::span<const T> from) {
  if (from.empty()) return {};
  copies_.push_back(std::make_unique_for_overwrite<std::byte[]>(from.size_bytes()));
  copied_ += from.size_bytes();
  std::memcpy(copies_.back().get(), from.data(), from.size_bytes());
  return {reinterpret_cast<const T*>(copies_.back().get()), from.size()};
}

TrainingPass::TrainingPass(std::span<const InputBatch> inputs)
    : inputs_(inputs.begin(), inputs.end()) {
  for (InputBatch& input : inputs_) {
    input.shape.lengths = keep(input.shape.lengths);
    input.features = keep(input.features);
    input.tokens = keep(input.tokens);
  }
}

void TrainingPass::count(Device& device) noexcept {
  counted_.set(device, copied_);
  held_ = copied_ + graph_.held_bytes() + bytes_of(staged_, packed_);
}

Status Trainer::forward(TrainingPass& pass, const AbortFlag* abort,
                        std::span<const std::span<float>> predictions) noexcept {
  return counted([&] {
    Status status = run_forward(pass, abort, predictions);
    pass.count(model_->device());
    return status;
  });
}

Status Trainer::backward(TrainingPass& pass, const AbortFlag* abort,
                         std::span<const std::span<const float>> d_predictions) noexcept {
  return counted([&] { return run_backward(pass, abort, d_predictions); });
}

Status Trainer::update(const StepCall& call, StepMetrics& metrics) noexcept {
  return counted([&] { return run_update(call, metrics); });
}

void Trainer::discard() noexcept {
  gradients_.clear();
  is_gathering_ = false;
}

Status Trainer::run_forward(TrainingPass& pass, const AbortFlag* abort,
                            std::span<const std::span<float>> predictions) {
  pass.is_open_ = false;
  pass.graph_.share_reserve(shared_reserve_);
  pass.graph_.set_learning_edges(learning_edges_);
  GRU_RETURN_IF_ERROR(model_->load_inputs(pass.inputs(), pass.graph_));
  GRU_RETURN_IF_ERROR(model_->forward_training(passes_, abort, pass.graph_));
  GRU_RETURN_IF_ERROR(model_->store_outputs(pass.graph_, predictions));
  pass.version_ = model_->parameters().version();
  pass.is_open_ = true;
  ++passes_;  // an aborted pass does not count
  return {};
}

Status Trainer::check_pass(const TrainingPass& pass) {
  if (!pass.is_open_) {
    return Status::value("pass: expected one backward call after a forward call, got another one");
  }
  if (pass.version_ == model_->parameters().version()) return {};
  return Status::value(
      "pass: expected the parameters of its forward call, got parameters changed since");
}

/// Packs the gradient of an output into the memory from which backward reads it.
Status Trainer::load_gradient(TrainingPass& pass, std::size_t output,
                              std::span<const float> given) {
  Device& device = model_->device();
  const Sequence& edge = model_->graph().output(pass.graph_, output);
  DeviceMatrix<float> gradient;
  GRU_RETURN_IF_ERROR(model_->graph().open_output_gradient(device, pass.graph_, output, gradient));
  if (given.empty()) return device.fill(gradient, 0);
  DeviceSpan<const float> staged;
  DeviceMatrix<const float> packed;
  GRU_RETURN_IF_ERROR(stage_input(device, given, pass.staged_, staged));
  const DeviceMatrix<const float> padded(staged, gradient.columns());
  GRU_RETURN_IF_ERROR(edge.every == Every::step
                          ? edge.rows->pack(device, padded, pass.packed_, packed)
                          : edge.rows->pack_sequences(device, padded, pass.packed_, packed));
  return device.copy(gradient, packed);
}

Status Trainer::run_backward(TrainingPass& pass, const AbortFlag* abort,
                             std::span<const std::span<const float>> d_predictions) {
  Device& device = model_->device();
  GRU_RETURN_IF_ERROR(check_pass(pass));
  GRU_RETURN_IF_ERROR(model_->refresh());
  pass.is_open_ = false;
  if (!is_gathering_) gradients_.clear();
  for (std::size_t i = 0; i < d_predictions.size(); ++i) {
    GRU_RETURN_IF_ERROR(load_gradient(pass, i, d_predictions[i]));
  }
  DeviceSpan<float> room;
  GRU_RETURN_IF_ERROR(gradients_.open(device, room));
  GRU_RETURN_IF_ERROR(model_->backward(abort, pass.graph_, room));
  GRU_RETURN_IF_ERROR(gradients_.add(device));
  is_gathering_ = true;
  return {};
}

Status Trainer::run_update(const StepCall& call, StepMetrics& metrics) {
  skipped_ = false;
  if (!is_gathering_) {
    return Status::value("trainer.update: expected gradients of a pass's backward call, got none");
  }
  GRU_RETURN_IF_ERROR(optimizer_.check_rate(call.learning_rate));
  StepMetrics measured;
  GRU_RETURN_IF_ERROR(measure_norm());
  GRU_RETURN_IF_ERROR(
      model_->device().download(measured, DeviceSpan<const StepMetrics>(metrics_.span())));
  measured.loss = 0;
  if (std::isfinite(measured.gradient_norm)) {
    GRU_RETURN_IF_ERROR(apply(call));
  } else if (options_.nonfinite == Nonfinite::skip) {
    skipped_ = true;
  } else {
    return explain({}, measured);
  }
  discard();
  metrics = measured;
  return {};
}

}  // namespace gru
