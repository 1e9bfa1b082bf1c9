#include "train/trainer.h"

#include <cmath>
#include <string>

#include "base/checks.h"

namespace gru {

namespace {

bool needs_first_moment(const OptimizerOptions& options) {
  switch (options.kind) {
    case OptimizerKind::sgd:
    case OptimizerKind::rmsprop:
      return options.momentum != 0;
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return true;
  }
  return false;
}

Status reserve_zeros(Device& device, Buffer<float>& buffer, std::size_t count) {
  GRU_RETURN_IF_ERROR(buffer.reserve(device, count));
  return device.fill(DeviceMatrix<float>(buffer.span(), count), 0);
}

/// As JavaScript writes it.
const char* name_of_nonfinite(double value) {
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

Status check_finite(const char* what, double value) {
  if (std::isfinite(value)) return {};
  return Status::nonfinite(std::string(what) + ": expected a finite number, got " +
                           name_of_nonfinite(value) +
                           ". The step changed nothing. Look for NaN, infinity and very large "
                           "numbers in the batch and the parameters; a lower learning rate keeps "
                           "parameters from growing");
}

}  // namespace

Status Trainer::create(std::shared_ptr<Model> model, const OptimizerOptions& optimizer,
                       const ClipOptions& clip, std::unique_ptr<Trainer>& trainer) noexcept {
  return guarded([&]() -> Status {
    std::unique_ptr<Trainer> made(new Trainer(std::move(model)));
    made->optimizer_ = optimizer;
    made->clip_ = clip;
    Device& device = made->model_->device();
    const std::size_t count = made->model_->layout().count();
    GRU_RETURN_IF_ERROR(made->metrics_.reserve(device, 1));
    GRU_RETURN_IF_ERROR(made->gradients_.reserve(device, count));
    if (needs_first_moment(optimizer)) {
      GRU_RETURN_IF_ERROR(reserve_zeros(device, made->first_moment_, count));
    }
    if (optimizer.kind != OptimizerKind::sgd) {
      GRU_RETURN_IF_ERROR(reserve_zeros(device, made->second_moment_, count));
    }
    trainer = std::move(made);
    return {};
  });
}

Status Trainer::step(const ModelInput& input, const ModelTarget& target,
                     StepMetrics& metrics) noexcept {
  return guarded([&] { return run_step(input, target, metrics); });
}

Status Trainer::evaluate(const ModelInput& input, const ModelTarget& target,
                         StepMetrics& metrics) noexcept {
  return guarded([&] { return run_evaluate(input, target, metrics); });
}

Status Trainer::check_target(const ModelTarget& target, const RowMap& map) const {
  const ModelOptions& options = model_->options();
  if (model_->predicted_rows(map) == 0) {
    return Status::value("lengths: expected at least one valid step in the batch, got none");
  }
  if (options.loss == LossKind::mean_squared_error) return {};
  if (options.every == Every::step) {
    return check_ids("target", target.classes, map.to_padded(), options.output_size);
  }
  const std::size_t running = map.running();
  return map.keeps_order()
             ? check_ids("target", target.classes.first(running), {}, options.output_size)
             : check_ids("target", target.classes, map.order().first(running), options.output_size);
}

Status Trainer::loss(const ModelTarget& target, DeviceMatrix<float> d_predictions) {
  Device& device = model_->device();
  const DeviceRows& rows = pass_.rows;
  const bool every_step = model_->options().every == Every::step;
  const std::size_t width = model_->options().output_size;
  if (model_->options().loss == LossKind::cross_entropy) {
    DeviceSpan<const std::int32_t> staged;
    DeviceSpan<const std::int32_t> packed;
    GRU_RETURN_IF_ERROR(stage_input(device, target.classes, staged_classes_, staged));
    GRU_RETURN_IF_ERROR(every_step ? rows.pack(device, staged, packed_classes_, packed)
                                   : rows.pack_sequences(device, staged, packed_classes_, packed));
    return device.cross_entropy(pass_.predictions, packed, d_predictions, metrics_.span());
  }
  DeviceSpan<const float> staged;
  GRU_RETURN_IF_ERROR(stage_input(device, target.values, staged_values_, staged));
  const DeviceMatrix<const float> padded(staged, width);
  DeviceMatrix<const float> packed;
  GRU_RETURN_IF_ERROR(every_step ? rows.pack(device, padded, packed_values_, packed)
                                 : rows.pack_sequences(device, padded, packed_values_, packed));
  return device.mean_squared_error(pass_.predictions, packed, d_predictions, metrics_.span());
}

Status Trainer::measure(StepMetrics& metrics) {
  Device& device = model_->device();
  GRU_RETURN_IF_ERROR(device.gradient_norm(gradients_.span(), metrics_.span()));
  GRU_RETURN_IF_ERROR(device.download(metrics, metrics_.span()));
  GRU_RETURN_IF_ERROR(check_finite("loss", metrics.loss));
  // Formed in double, which the squares of floats cannot overflow: finite where all gradients are.
  return check_finite("norm of the gradients", metrics.gradient_norm);
}

Status Trainer::clip() {
  Device& device = model_->device();
  if (clip_.norm > 0) {
    GRU_RETURN_IF_ERROR(device.clip_norm(gradients_.span(), metrics_.span(), clip_.norm));
  }
  return clip_.value > 0 ? device.clip_value(gradients_.span(), clip_.value) : Status();
}

Status Trainer::update() {
  OptimizerUpdate change;
  change.options = optimizer_;
  change.step = updates_ + 1;
  change.parameters = model_->parameters().change();
  change.gradients = gradients_.span();
  change.first_moment = first_moment_.span();
  change.second_moment = second_moment_.span();
  GRU_RETURN_IF_ERROR(model_->device().optimizer_update(change));
  ++updates_;
  return {};
}

Status Trainer::run_step(const ModelInput& input, const ModelTarget& target, StepMetrics& metrics) {
  GRU_RETURN_IF_ERROR(model_->load_input(input, pass_));
  GRU_RETURN_IF_ERROR(check_target(target, pass_.rows.map()));
  GRU_RETURN_IF_ERROR(model_->forward_training(updates_, pass_));
  GRU_RETURN_IF_ERROR(loss(target, pass_.predictions));
  GRU_RETURN_IF_ERROR(model_->backward(pass_, pass_.predictions, gradients_.span()));
  // On a GPU the host waits here, to decide on the update, and not after it: that runs while the
  // host goes on.
  StepMetrics measured;
  GRU_RETURN_IF_ERROR(measure(measured));
  if (input.abort != nullptr && input.abort->load(std::memory_order_relaxed)) {
    return Status::aborted();
  }
  GRU_RETURN_IF_ERROR(clip());
  GRU_RETURN_IF_ERROR(update());
  metrics = measured;
  return {};
}

Status Trainer::run_evaluate(const ModelInput& input, const ModelTarget& target,
                             StepMetrics& metrics) {
  GRU_RETURN_IF_ERROR(model_->load_input(input, pass_));
  GRU_RETURN_IF_ERROR(check_target(target, pass_.rows.map()));
  GRU_RETURN_IF_ERROR(model_->forward(pass_));
  GRU_RETURN_IF_ERROR(loss(target, {}));
  GRU_RETURN_IF_ERROR(model_->device().download(metrics, metrics_.span()));
  metrics.gradient_norm = 0;
  return {};
}

}  // namespace gru
