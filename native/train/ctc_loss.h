#pragma once

#include <vector>

#include "train/output_loss.h"

namespace gru {

/// Connectionist temporal classification: the target of each sequence of steps is a shorter
/// sequence of labels.
class CtcLoss final : public OutputLoss {
 public:
  CtcLoss(const OutputOptions& options, bool batch_first)
      : OutputLoss(options), batch_first_(batch_first) {}

  Status compute(Device& device, const Sequence& output, const Target& target,
                 DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics) override;

  std::size_t held_bytes() const override { return bytes_of(staged_, lattice_); }
  void trim() override {
    staged_ = {};
    lattice_ = {};
    table_ = {};
  }

 private:
  Status check_targets(const EdgeShape& shape, const RowMap& map, const Target& target) override;
  Status check_lengths(const Target& target, std::size_t most) const;
  Status check_labels(const Target& target, std::size_t sequence, std::size_t classes);
  void lay_out(const RowMap& map, std::span<const std::int32_t> label_lengths);
  void write_states(const RowMap& map, std::size_t position, std::size_t sequence);
  /// The index of a label of a sequence in the caller's array.
  std::size_t label_index(std::size_t sequence, std::size_t label) const;

  bool batch_first_;
  std::size_t most_labels_ = 0;  ///< S
  std::size_t batch_ = 0;
  std::size_t most_states_ = 0;
  /// Tables that the device reads, one after the other: the first row of each step; then for each
  /// sequence its steps, its number of states, their classes, and their order by class.
  std::vector<std::int32_t> table_;
  std::vector<std::int32_t> labels_;  ///< of one sequence
  Buffer<std::int32_t> staged_;
  Buffer<double> lattice_;
};

}  // namespace gru
