#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/model.h"
#include "train/carried_states.h"
#include "train/output_loss.h"

namespace gru {

/// A batch to learn from: one of every input, and what every output should have been.
struct TrainingBatch {
  std::span<const InputBatch> inputs;
  std::span<const Target> targets;
  const AbortFlag* abort = nullptr;
  /// Begins with the states in which the last such batch ended, and keeps those in which it ends.
  /// Else all states begin at zero.
  bool carry_state = false;
};

/// The loss of one output in a batch.
struct OutputMetrics {
  double loss = 0;         ///< times the output's weight, as it is in the sum of all
  double denominator = 0;  ///< what the rows' sum was divided by (OutputLoss)
  /// ctc: sequences without an alignment, until the next batch (OutputLoss).
  std::span<const std::int32_t> impossible = {};
};

/// Trains one model: losses, backward, clipping and the optimiser's update as one call.
///
/// Holds the gradients and the optimiser's moments on the model's device. Not for two threads at
/// once, nor beside another call of its model. No public call throws.
class Trainer {
 public:
  static Status create(std::shared_ptr<Model> model, const OptimizerOptions& optimizer,
                       const ClipOptions& clip, std::unique_ptr<Trainer>& trainer) noexcept;

  /// One update. On any failure or abort before the update the parameters, the moments and the
  /// count of updates stay as they were. A nonfinite status where the loss or a gradient is NaN or
  /// infinite.
  Status step(const TrainingBatch& batch, StepMetrics& metrics) noexcept;
  /// The loss of a batch in inference, without an update; metrics.gradient_norm stays 0.
  Status evaluate(const TrainingBatch& batch, StepMetrics& metrics) noexcept;
  /// The next step whose state is carried begins at zero.
  void reset_state() noexcept { training_states_.reset(); }
  /// The same of evaluations, which carry states of their own.
  void reset_evaluation_state() noexcept { evaluation_states_.reset(); }
  /// Of each output, in the last batch whose losses were computed.
  std::span<const OutputMetrics> outputs() const { return outputs_; }

 private:
  explicit Trainer(std::shared_ptr<Model> model) : model_(std::move(model)) {}

  Status make_losses();
  Status load(const TrainingBatch& batch, const CarriedStates& states);
  /// After the forward pass, where the batch carries its states.
  Status take_states(const TrainingBatch& batch, CarriedStates& states);
  /// The gradients of all outputs, into the pass.
  Status compute_losses(const TrainingBatch& batch);
  /// The losses and the gradients' norm into `metrics`; refuses what is not finite.
  Status measure(StepMetrics& metrics);
  Status download_losses(StepMetrics& metrics);
  Status clip();
  Status update();
  Status run_step(const TrainingBatch& batch, StepMetrics& metrics);
  Status run_evaluate(const TrainingBatch& batch, StepMetrics& metrics);

  std::shared_ptr<Model> model_;
  OptimizerOptions optimizer_;
  ClipOptions clip_;
  std::uint64_t updates_ = 0;

  GraphPass pass_;
  CarriedStates training_states_;
  CarriedStates evaluation_states_;
  std::vector<std::unique_ptr<OutputLoss>> losses_;  ///< of each output
  std::vector<OutputMetrics> outputs_;
  Buffer<float> gradients_;
  Buffer<float> first_moment_;
  Buffer<float> second_moment_;
  Buffer<StepMetrics> metrics_;  ///< of each output its loss; of the first the gradients' norm
};

}  // namespace gru
