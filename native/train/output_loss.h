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

/// What an output should have been, in the host's memory and in the caller's rows: classes, values
/// or labels, as its loss says. Their number is the caller's to check.
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

  /// Looks at a batch before anything is computed for it: that there is something to learn from,
  /// and that the targets are some that the output can have. Denominator and impossible sequences
  /// are those of this batch from then on.
  Status check(const EdgeShape& shape, const RowMap& map, const Target& target);
  /// The same for one of several batches that form one; it may have no valid step.
  Status check_part(const EdgeShape& shape, const RowMap& map, const Target& target);
  /// Sets the sum of the denominators of several batches that form one. `compute` then gives the
  /// part that the batch checked last has in the loss and in the gradient.
  void set_denominator(double denominator) { denominator_ = denominator; }

  /// The loss into metrics[0].loss; the gradient of the output into `gradient` [rows, width], which
  /// may be the output's memory, unless that is empty. Of the batch that was checked last.
  virtual Status compute(Device& device, const Sequence& output, const Target& target,
                         DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics) = 0;

  /// By which the sum over the rows is divided: the rows that count, the sum of their classes'
  /// weights, or the sequences. Where it is 0, the loss is 0 and has no gradient.
  double denominator() const { return denominator_; }
  /// ctc: the sequences, in the caller's order, that have too few steps for their labels. They
  /// count 0 and have no gradient.
  std::span<const std::int32_t> impossible() const { return impossible_; }

 protected:
  /// Sets the denominator.
  virtual Status check_targets(const EdgeShape& shape, const RowMap& map, const Target& target) = 0;
  /// Sets what calls of all losses have in common.
  void fill(LossCall& call, const Sequence& output, DeviceMatrix<float> gradient,
            DeviceSpan<StepMetrics> metrics) const;

  std::string target_name_;  ///< in messages
  double denominator_ = 0;
  std::vector<std::int32_t> impossible_;

 private:
  double weight_;
};

/// The loss of an output that fits it: the graph has checked that.
std::unique_ptr<OutputLoss> make_output_loss(const OutputOptions& options, bool batch_first);

/// The status for a batch without a valid step.
Status no_valid_step();

}  // namespace gru
