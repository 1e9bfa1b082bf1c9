#pragma once

#include <cstdint>
#include <memory>

#include "model/model.h"

namespace gru {

/// Trains one model: loss, backward, clipping and the optimiser's update as one call.
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
  Status step(const ModelInput& input, const ModelTarget& target, StepMetrics& metrics) noexcept;
  /// The loss of a batch in inference, without an update; metrics.gradient_norm stays 0.
  Status evaluate(const ModelInput& input, const ModelTarget& target,
                  StepMetrics& metrics) noexcept;

 private:
  explicit Trainer(std::shared_ptr<Model> model) : model_(std::move(model)) {}

  Status check_target(const ModelTarget& target, const RowMap& map) const;
  /// Loss into the metrics; its gradient into `d_predictions` unless that is empty.
  Status loss(const ModelTarget& target, DeviceMatrix<float> d_predictions);
  /// Loss and gradients' norm into `metrics`; refuses what is not finite.
  Status measure(StepMetrics& metrics);
  Status clip();
  Status update();
  Status run_step(const ModelInput& input, const ModelTarget& target, StepMetrics& metrics);
  Status run_evaluate(const ModelInput& input, const ModelTarget& target, StepMetrics& metrics);

  std::shared_ptr<Model> model_;
  OptimizerOptions optimizer_;
  ClipOptions clip_;
  std::uint64_t updates_ = 0;

  ModelPass pass_;
  Buffer<float> gradients_;
  Buffer<float> first_moment_;
  Buffer<float> second_moment_;
  Buffer<StepMetrics> metrics_;
  Buffer<std::int32_t> staged_classes_;
  Buffer<std::int32_t> packed_classes_;
  Buffer<float> staged_values_;
  Buffer<float> packed_values_;
};

}  // namespace gru
