#pragma once

#include <cstdint>
#include <span>

#include "layers/layer.h"

namespace gru {

/// What an output should have been, in the host's memory and in the caller's rows: one of the two,
/// as its loss says.
struct Target {
  std::span<const std::int32_t> classes;  ///< [rows]
  std::span<const float> values;          ///< [rows, width]
};

/// The loss of one output: a mean over its valid rows.
class OutputLoss {
 public:
  explicit OutputLoss(LossKind kind) : kind_(kind) {}

  /// Checks a batch before anything is computed for it: that there is something to learn from, and
  /// that the classes are some of the output's. Their number is the caller's to check.
  Status check(const EdgeShape& shape, const RowMap& map, const Target& target) const;
  /// The loss into metrics[0].loss; the gradient of the output into `gradient` [rows, width], which
  /// may be the output's memory, unless that is empty.
  Status compute(Device& device, const Sequence& output, const Target& target,
                 DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics);

 private:
  Status cross_entropy(Device& device, const Sequence& output, const Target& target,
                       DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics);
  Status mean_squared_error(Device& device, const Sequence& output, const Target& target,
                            DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics);

  LossKind kind_;
  Buffer<std::int32_t> staged_classes_;
  Buffer<std::int32_t> packed_classes_;
  Buffer<float> staged_values_;
  Buffer<float> packed_values_;
};

}  // namespace gru
