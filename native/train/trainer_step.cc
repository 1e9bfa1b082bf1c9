#include <algorithm>
#include <cmath>
#include <string>

#include "train/nonfinite.h"
#include "train/trainer.h"

/// A training step with one batch, or with several batches as if they were one.

namespace gru {

namespace {

/// The prefix of messages about one of several batches.
std::string name_of_part(std::size_t part) { return "batches[" + std::to_string(part) + "]: "; }

}  // namespace

Status Trainer::step(std::span<const TrainingBatch> batches, const StepCall& call,
                     StepMetrics& metrics) noexcept {
  return counted([&] { return run_step(batches, call, metrics); });
}

Status Trainer::sum_denominators(std::span<const TrainingBatch> batches) {
  const Graph& graph = model_->graph();
  denominators_.assign(losses_.size(), 0);
  std::vector<std::size_t> rows(losses_.size());
  for (std::size_t part = 0; part < batches.size(); ++part) {
    for (std::size_t i = 0; i < losses_.size(); ++i) {
      RowMap map;
      const BatchShape& shape = batches[part].inputs[graph.output_input(i)].shape;
      GRU_RETURN_IF_ERROR(RowMap::build(shape, graph.options().batch_first, map));
      GRU_RETURN_IF_ERROR(losses_[i]
                              ->check_part(graph.output_shape(i), map, batches[part].targets[i])
                              .of(name_of_part(part)));
      denominators_[i] += losses_[i]->denominator();
      rows[i] += map.rows();
    }
  }
  return std::ranges::count(rows, std::size_t{0}) == 0 ? Status() : no_valid_step();
}

Status Trainer::load_part(const TrainingBatch& batch, const CarriedStates& states) {
  const Graph& graph = model_->graph();
  GRU_RETURN_IF_ERROR(load_inputs(batch, states));
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    GRU_RETURN_IF_ERROR(losses_[i]->check_part(graph.output_shape(i), graph.output_map(pass_, i),
                                               batch.targets[i]));
    losses_[i]->set_denominator(denominators_[i]);
  }
  return {};
}

bool Trainer::has_rows() const {
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    if (model_->graph().output_map(pass_, i).rows() > 0) return true;
  }
  return false;
}

Status Trainer::compute_losses(const TrainingBatch& batch) {
  Device& device = model_->device();
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    DeviceMatrix<float> gradient;
    GRU_RETURN_IF_ERROR(model_->graph().open_output_gradient(device, pass_, i, gradient));
    GRU_RETURN_IF_ERROR(losses_[i]->compute(device, model_->graph().output(pass_, i),
                                            batch.targets[i], gradient, metrics_of(parts_, i)));
  }
  return {};
}

Status Trainer::gather(const TrainingBatch& batch, std::size_t part, const AbortFlag* abort) {
  Device& device = model_->device();
  DeviceSpan<float> room;
  GRU_RETURN_IF_ERROR(model_->forward_training(passes_ + part, abort, pass_));
  GRU_RETURN_IF_ERROR(take_states(batch, training_states_[part]));
  GRU_RETURN_IF_ERROR(compute_losses(batch));
  ++parts_;
  GRU_RETURN_IF_ERROR(gradients_.open(device, room));
  GRU_RETURN_IF_ERROR(model_->backward(abort, pass_, room));
  return gradients_.add(device);
}

/// A batch without a row of any output has no gradient. Inputs that no output has the rows of may
/// have steps, through which the states go on.
Status Trainer::advance(const TrainingBatch& batch, std::size_t part, const AbortFlag* abort) {
  if (!batch.carry_state) return {};
  GRU_RETURN_IF_ERROR(model_->forward_training(passes_ + part, abort, pass_));
  return take_states(batch, training_states_[part]);
}

Status Trainer::gather_all(std::span<const TrainingBatch> batches, const AbortFlag* abort) {
  begin_parts();
  if (training_states_.size() < batches.size()) training_states_.resize(batches.size());
  for (CarriedStates& states : training_states_) states.forget();
  if (batches.size() == 1) {
    GRU_RETURN_IF_ERROR(load(batches[0], training_states_[0]));
    note_impossible(0);
    return gather(batches[0], 0, abort);
  }
  GRU_RETURN_IF_ERROR(sum_denominators(batches));
  GRU_RETURN_IF_ERROR(
      metrics_.reserve(model_->device(), CheckedSize(losses_.size()) * batches.size()));
  std::size_t sequences = 0;
  for (std::size_t part = 0; part < batches.size(); ++part) {
    GRU_RETURN_IF_ERROR(load_part(batches[part], training_states_[part]).of(name_of_part(part)));
    note_impossible(sequences);
    sequences += batches[part].inputs[0].shape.batch;
    GRU_RETURN_IF_ERROR(has_rows() ? gather(batches[part], part, abort)
                                   : advance(batches[part], part, abort));
  }
  return {};
}

Status Trainer::measure_norm() {
  Device& device = model_->device();
  GRU_RETURN_IF_ERROR(optimizer_.clear_frozen(device, gradients_.values()));
  return device.gradient_norm(gradients_.values(), metrics_.span());
}

Status Trainer::measure(StepMetrics& metrics) {
  GRU_RETURN_IF_ERROR(measure_norm());
  return download_losses(metrics);
}

/// Finds the first value that is not finite. Gradients may have overwritten the outputs, so this
/// repeats the forward pass, with the same dropout masks.
Status Trainer::find_origin(std::span<const TrainingBatch> batches, std::string& where) {
  Device& device = model_->device();
  for (std::size_t part = 0; part < batches.size(); ++part) {
    GRU_RETURN_IF_ERROR(load_inputs(batches[part], training_states_[part]));
    if (!has_rows()) continue;
    GRU_RETURN_IF_ERROR(model_->forward_training(passes_ + part, nullptr, pass_));
    GRU_RETURN_IF_ERROR(find_nonfinite_edge(device, model_->graph(), pass_, where));
    if (where.empty()) continue;
    if (batches.size() > 1) where += " in batches[" + std::to_string(part) + "]";
    return {};
  }
  for (std::size_t i = 0; i < outputs_.size() && !batches.empty(); ++i) {
    if (std::isfinite(outputs_[i].loss)) continue;
    where = "the loss of output \"" + model_->graph().options().outputs[i].layer + '"';
    return {};
  }
  return find_nonfinite_gradient(device, model_->layout(), gradients_.values(), where);
}

Status Trainer::explain(std::span<const TrainingBatch> batches, const StepMetrics& measured) {
  std::string where;
  GRU_RETURN_IF_ERROR(find_origin(batches, where));
  const std::uint64_t step = optimizer_.updates() + 1;
  return std::isfinite(measured.loss)
             ? nonfinite_step(step, "norm of the gradients", measured.gradient_norm, where)
             : nonfinite_step(step, "loss", measured.loss, where);
}

Status Trainer::check_step(const StepCall& call) const {
  if (is_gathering_) {
    return Status::value(
        "trainer.step: expected no gradients of passes that wait for an update, got some: call "
        "trainer.update, or trainer.discard to drop them");
  }
  return optimizer_.check_rate(call.learning_rate);
}

Status Trainer::run_step(std::span<const TrainingBatch> batches, const StepCall& call,
                         StepMetrics& metrics) {
  skipped_ = false;
  GRU_RETURN_IF_ERROR(check_step(call));
  GRU_RETURN_IF_ERROR(gather_all(batches, call.abort));
  // On a GPU the host waits here, to decide on the update. It does not wait for the update, which
  // runs while the host does other work.
  StepMetrics measured;
  GRU_RETURN_IF_ERROR(measure(measured));
  // The norm is formed in double, which the squares of floats cannot overflow: it is finite if
  // all gradients are.
  if (!std::isfinite(measured.loss) || !std::isfinite(measured.gradient_norm)) {
    if (options_.nonfinite == Nonfinite::refuse) return explain(batches, measured);
    skipped_ = true;
    metrics = measured;
    return {};
  }
  if (call.abort != nullptr && call.abort->load(std::memory_order_relaxed)) {
    return Status::aborted();
  }
  GRU_RETURN_IF_ERROR(apply(call));
  passes_ += batches.size();
  for (CarriedStates& states : training_states_) states.commit();
  metrics = measured;
  return {};
}

}  // namespace gru
