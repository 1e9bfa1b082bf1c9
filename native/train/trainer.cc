#include "train/trainer.h"

namespace gru {

Status Trainer::create(std::shared_ptr<Model> model, TrainerOptions options,
                       std::unique_ptr<Trainer>& trainer) noexcept {
  return guarded([&]() -> Status {
    std::unique_ptr<Trainer> made(new Trainer(std::move(model), std::move(options)));
    made->make_losses();
    made->share_reserve();
    made->find_learning_edges();
    GRU_RETURN_IF_ERROR(made->allocate());
    made->count();
    trainer = std::move(made);
    return {};
  });
}

void Trainer::count() noexcept {
  TrainerMemory now;
  now.gradients = gradients_.held_bytes();
  now.moments = optimizer_.held_bytes();
  now.average = average_.bytes();
  now.states = evaluation_states_.held_bytes();
  for (const CarriedStates& states : training_states_) now.states += states.held_bytes();
  now.working = pass_.held_bytes() + metrics_.bytes();
  if (shared_reserve_) now.working += shared_reserve_->held_bytes();
  for (const std::unique_ptr<OutputLoss>& loss : losses_) now.working += loss->held_bytes();
  memory_.set(now);
}

void Trainer::trim() noexcept {
  pass_.trim();
  if (shared_reserve_) shared_reserve_->trim();
  for (const std::unique_ptr<OutputLoss>& loss : losses_) loss->trim();
  gradients_.trim();
  count();
}

void Trainer::make_losses() {
  const GraphOptions& options = model_->graph().options();
  losses_.resize(options.outputs.size());
  outputs_.resize(options.outputs.size());
  impossible_.resize(options.outputs.size());
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    losses_[i] = make_output_loss(options.outputs[i], options.batch_first);
  }
}

void Trainer::share_reserve() {
  if (!options_.recompute_activations) return;
  shared_reserve_ = std::make_shared<SharedReserve>();
  pass_.share_reserve(shared_reserve_);
}

void Trainer::find_learning_edges() {
  if (options_.parameters.empty()) return;
  std::vector<bool> frozen;
  for (const ParameterOptions& parameter : options_.parameters) frozen.push_back(parameter.frozen);
  learning_edges_ = model_->graph().learning_edges(frozen);
  pass_.set_learning_edges(learning_edges_);
}

Status Trainer::allocate() {
  Device& device = model_->device();
  const std::size_t count = model_->layout().count();
  GRU_RETURN_IF_ERROR(metrics_.reserve(device, losses_.size()));
  GRU_RETURN_IF_ERROR(gradients_.create(device, count));
  GRU_RETURN_IF_ERROR(
      optimizer_.create(device, model_->layout(), options_.optimizer, options_.parameters));
  if (!options_.average_decay) return {};
  GRU_RETURN_IF_ERROR(average_.reserve(device, count));
  GRU_RETURN_IF_ERROR(model_->parameters().draw(device));
  return device.copy(DeviceMatrix<float>(average_.span(), count),
                     DeviceMatrix<const float>(model_->parameters().values(), count));
}

Status Trainer::evaluate(const TrainingBatch& batch, const AbortFlag* abort, StepMetrics& metrics,
                         std::span<const std::span<float>> predictions) noexcept {
  return counted([&] {
    return run_evaluate(batch, metrics, predictions, [&] { return model_->forward(abort, pass_); });
  });
}

Status Trainer::evaluate_average(const TrainingBatch& batch, const AbortFlag* abort,
                                 StepMetrics& metrics,
                                 std::span<const std::span<float>> predictions) noexcept {
  return counted([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_average("trainer.evaluateAverage"));
    return run_evaluate(batch, metrics, predictions,
                        [&] { return model_->forward_with(average_.span(), abort, pass_); });
  });
}

Status Trainer::read_average(std::span<float> values) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_average("trainer.getAverage"));
    return model_->device().download(values, DeviceSpan<const float>(average_.span()));
  });
}

Status Trainer::check_average(const char* call) const {
  if (options_.average_decay) return {};
  return Status::value(std::string(call) +
                       ": expected a trainer with the option average, got one without it");
}

Status Trainer::load_inputs(const TrainingBatch& batch, const CarriedStates& states) {
  GRU_RETURN_IF_ERROR(model_->load_inputs(batch.inputs, pass_));
  if (!batch.carry_state) return {};
  return states.load(*model_, batch.inputs[0].shape.batch, pass_);
}

Status Trainer::take_states(const TrainingBatch& batch, CarriedStates& states) {
  if (!batch.carry_state) return {};
  return states.take(*model_, batch.inputs[0].shape.batch, pass_);
}

Status Trainer::load(const TrainingBatch& batch, const CarriedStates& states) {
  const Graph& graph = model_->graph();
  GRU_RETURN_IF_ERROR(load_inputs(batch, states));
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    GRU_RETURN_IF_ERROR(
        losses_[i]->check(graph.output_shape(i), graph.output_map(pass_, i), batch.targets[i]));
  }
  return {};
}

DeviceSpan<StepMetrics> Trainer::metrics_of(std::size_t part, std::size_t output) {
  return metrics_.span().subspan(part * losses_.size() + output, 1);
}

void Trainer::begin_parts() {
  parts_ = 0;
  gradients_.clear();
  for (std::vector<std::int32_t>& sequences : impossible_) sequences.clear();
}

/// Adds the impossible sequences of the last checked batch. `first_sequence` is the number of its
/// first sequence among the sequences of all batches.
void Trainer::note_impossible(std::size_t first_sequence) {
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    for (const std::int32_t sequence : losses_[i]->impossible()) {
      impossible_[i].push_back(static_cast<std::int32_t>(first_sequence) + sequence);
    }
  }
}

Status Trainer::download_losses(StepMetrics& metrics) {
  metrics = {};
  for (std::size_t i = losses_.size(); i-- > 0;) {
    double loss = 0;
    for (std::size_t part = parts_; part-- > 0;) {
      StepMetrics measured;
      GRU_RETURN_IF_ERROR(model_->device().download(measured, metrics_of(part, i)));
      loss += measured.loss;
      metrics.gradient_norm = measured.gradient_norm;
    }
    outputs_[i] = {loss, losses_[i]->denominator(), impossible_[i]};
    metrics.loss = loss + metrics.loss;
  }
  return {};
}

Status Trainer::clip() {
  Device& device = model_->device();
  const auto& [norm, value] = options_.clip;
  if (norm > 0) {
    GRU_RETURN_IF_ERROR(device.clip_norm(gradients_.values(), metrics_.span(), norm));
  }
  return value > 0 ? device.clip_value(gradients_.values(), value) : Status();
}

Status Trainer::apply(const StepCall& call) {
  Device& device = model_->device();
  GRU_RETURN_IF_ERROR(clip());
  GRU_RETURN_IF_ERROR(optimizer_.update(device, model_->parameters().mutable_values(),
                                        gradients_.values(), call.learning_rate));
  if (!options_.average_decay) return {};
  return device.lerp(average_.span(), model_->parameters().values(), 1 - *options_.average_decay);
}

template <class Forward>
Status Trainer::run_evaluate(const TrainingBatch& batch, StepMetrics& metrics,
                             std::span<const std::span<float>> predictions,
                             const Forward& forward) {
  skipped_ = false;
  parts_ = 0;
  evaluation_states_.forget();
  for (std::vector<std::int32_t>& sequences : impossible_) sequences.clear();
  GRU_RETURN_IF_ERROR(load(batch, evaluation_states_));
  note_impossible(0);
  GRU_RETURN_IF_ERROR(forward());
  GRU_RETURN_IF_ERROR(take_states(batch, evaluation_states_));
  GRU_RETURN_IF_ERROR(model_->store_outputs(pass_, predictions));
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    GRU_RETURN_IF_ERROR(losses_[i]->compute(model_->device(), model_->graph().output(pass_, i),
                                            batch.targets[i], {}, metrics_of(0, i)));
  }
  parts_ = 1;
  GRU_RETURN_IF_ERROR(download_losses(metrics));
  metrics.gradient_norm = 0;
  evaluation_states_.commit();
  return {};
}

}  // namespace gru
