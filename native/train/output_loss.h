#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/graph_options.h"
#include "layers/layer.h"

namespace gru {

/// The target of an output, in the host's memory and in the caller's order of rows: classes, values
/// or labels, depending on the loss. The caller has checked their number.
struct Target {
  std::span<const std::int32_t> classes = {};        ///< [rows]
  std::span<const float> values = {};                ///< [rows, target_width]
  std::span<const std::int32_t> labels = {};         ///< ctc: [S, batch], or [batch, S] batch first
  std::span<const std::int32_t> label_lengths = {};  ///< ctc: [batch]
};

/// The loss of one output, times the output's weight.
class OutputLoss {
 public:
  explicit OutputLoss(const OutputOptions& options)
      : target_name_(options.target_in_messages()), weight_(options.weight) {}
  OutputLoss(const OutputLoss&) = delete;
  OutputLoss& operator=(const OutputLoss&) = delete;
  virtual ~OutputLoss() = default;

  /// Checks a batch before anything is computed for it: there must be a valid step, and the output
  /// must be able to have the targets. From then on denominator() and impossible() are those of
  /// this batch.
  Status check(const EdgeShape& shape, const RowMap& map, const Target& target);
  /// The same for one of several batches that form one batch. It may have no valid step.
  Status check_part(const EdgeShape& shape, const RowMap& map, const Target& target);
  /// Sets the sum of the denominators of several batches that form one batch. `compute` then
  /// computes the part of the last checked batch in the loss and in the gradient.
  void set_denominator(double denominator) { denominator_ = denominator; }

  /// Computes the loss of the last checked batch into metrics[0].loss, and the gradient of the
  /// output into `gradient` [rows, width]. `gradient` may be empty: then none is computed. It may
  /// be the output's own memory.
  virtual Status compute(Device& device, const Sequence& output, const Target& target,
                         DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics) = 0;

  /// The divisor of the sum over the rows: the number of rows that count (with missing values, the
  /// part of each that is present), the sum of the weights of their classes, or the number of
  /// sequences. If it is 0, the loss is 0 and has no gradient.
  double denominator() const { return denominator_; }
  /// ctc: the sequences, in the caller's order, that have too few steps for their labels. They
  /// count 0 and have no gradient.
  std::span<const std::int32_t> impossible() const { return impossible_; }
  virtual std::size_t held_bytes() const = 0;
  /// Frees what it keeps for the next batch. The last batch must be checked again.
  virtual void trim() = 0;

 protected:
  /// Sets the denominator.
  virtual Status check_targets(const EdgeShape& shape, const RowMap& map, const Target& target) = 0;
  /// Sets the members that calls of all losses have.
  void fill(LossCall& call, const Sequence& output, DeviceMatrix<float> gradient,
            DeviceSpan<StepMetrics> metrics) const;

  std::string target_name_;  ///< in messages
  double denominator_ = 0;
  std::vector<std::int32_t> impossible_;

 private:
  double weight_;
};

/// The loss of an output. The graph has checked that it fits the output.
std::unique_ptr<OutputLoss> make_output_loss(const OutputOptions& options, bool batch_first);

/// The status for a batch without a valid step.
Status no_valid_step();

}  // namespace gru
