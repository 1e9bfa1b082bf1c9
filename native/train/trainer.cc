#include "train/trainer.h"

#include <cmath>
#include <string>

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
    GRU_RETURN_IF_ERROR(made->make_losses());
    GRU_RETURN_IF_ERROR(made->metrics_.reserve(device, made->losses_.size()));
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

Status Trainer::make_losses() {
  const GraphOptions& options = model_->graph().options();
  losses_.resize(options.outputs.size());
  outputs_.resize(options.outputs.size());
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    GRU_RETURN_IF_ERROR(make_output_loss(options.outputs[i], model_->graph().output_shape(i),
                                         options.batch_first, losses_[i]));
  }
  return {};
}

Status Trainer::step(const TrainingBatch& batch, StepMetrics& metrics) noexcept {
  return guarded([&] { return run_step(batch, metrics); });
}

Status Trainer::evaluate(const TrainingBatch& batch, StepMetrics& metrics) noexcept {
  return guarded([&] { return run_evaluate(batch, metrics); });
}

Status Trainer::load(const TrainingBatch& batch, const CarriedStates& states) {
  GRU_RETURN_IF_ERROR(model_->load_inputs(batch.inputs, pass_));
  if (batch.carry_state) {
    GRU_RETURN_IF_ERROR(states.load(*model_, batch.inputs[0].shape.batch, pass_));
  }
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    GRU_RETURN_IF_ERROR(losses_[i]->check(model_->graph().output_shape(i),
                                          model_->graph().output_map(pass_, i), batch.targets[i]));
  }
  return {};
}

Status Trainer::take_states(const TrainingBatch& batch, CarriedStates& states) {
  if (!batch.carry_state) return {};
  return states.take(*model_, batch.inputs[0].shape.batch, pass_);
}

Status Trainer::compute_losses(const TrainingBatch& batch) {
  Device& device = model_->device();
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    DeviceMatrix<float> gradient;
    GRU_RETURN_IF_ERROR(model_->graph().open_output_gradient(device, pass_, i, gradient));
    GRU_RETURN_IF_ERROR(losses_[i]->compute(device, model_->graph().output(pass_, i),
                                            batch.targets[i], gradient,
                                            metrics_.span().subspan(i, 1)));
  }
  return {};
}

Status Trainer::download_losses(StepMetrics& metrics) {
  metrics = {};
  for (std::size_t i = losses_.size(); i-- > 0;) {
    const double others = metrics.loss;
    GRU_RETURN_IF_ERROR(model_->device().download(metrics, metrics_.span().subspan(i, 1)));
    outputs_[i] = {metrics.loss, losses_[i]->denominator(), losses_[i]->impossible()};
    metrics.loss += others;
  }
  return {};
}

Status Trainer::measure(StepMetrics& metrics) {
  Device& device = model_->device();
  GRU_RETURN_IF_ERROR(device.gradient_norm(gradients_.span(), metrics_.span()));
  GRU_RETURN_IF_ERROR(download_losses(metrics));
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
  change.parameters = model_->parameters().mutable_values();
  change.gradients = gradients_.span();
  change.first_moment = first_moment_.span();
  change.second_moment = second_moment_.span();
  GRU_RETURN_IF_ERROR(model_->device().optimizer_update(change));
  ++updates_;
  return {};
}

Status Trainer::run_step(const TrainingBatch& batch, StepMetrics& metrics) {
  GRU_RETURN_IF_ERROR(load(batch, training_states_));
  GRU_RETURN_IF_ERROR(model_->forward_training(updates_, batch.abort, pass_));
  GRU_RETURN_IF_ERROR(take_states(batch, training_states_));
  GRU_RETURN_IF_ERROR(compute_losses(batch));
  GRU_RETURN_IF_ERROR(model_->backward(pass_, gradients_.span()));
  // On a GPU the host waits here, to decide on the update, and not after it: that runs while the
  // host goes on.
  StepMetrics measured;
  GRU_RETURN_IF_ERROR(measure(measured));
  if (batch.abort != nullptr && batch.abort->load(std::memory_order_relaxed)) {
    return Status::aborted();
  }
  GRU_RETURN_IF_ERROR(clip());
  GRU_RETURN_IF_ERROR(update());
  if (batch.carry_state) training_states_.commit();
  metrics = measured;
  return {};
}

Status Trainer::run_evaluate(const TrainingBatch& batch, StepMetrics& metrics) {
  GRU_RETURN_IF_ERROR(load(batch, evaluation_states_));
  GRU_RETURN_IF_ERROR(model_->forward(batch.abort, pass_));
  GRU_RETURN_IF_ERROR(take_states(batch, evaluation_states_));
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    GRU_RETURN_IF_ERROR(losses_[i]->compute(model_->device(), model_->graph().output(pass_, i),
                                            batch.targets[i], {}, metrics_.span().subspan(i, 1)));
  }
  GRU_RETURN_IF_ERROR(download_losses(metrics));
  metrics.gradient_norm = 0;
  if (batch.carry_state) evaluation_states_.commit();
  return {};
}

}  // namespace gru
