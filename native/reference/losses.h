#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/loss_options.h"
#include "base/status.h"

/// Losses: the sum over the valid rows, divided by a denominator. The denominator is the number of
/// valid rows (of those with missing values, the part that is present), or the sum of their
/// classes' weights. If it is 0, the loss and its gradient are 0.
namespace gru {

/// The rows of a batch of predictions, and which of them are valid.
struct ReferenceRows {
  std::size_t rows = 0;
  std::size_t size = 0;                      ///< classes, or values, in a row
  std::span<const std::uint8_t> valid = {};  ///< [rows], nonzero in valid rows; empty: all are
};

/// The target of an output: `classes`, `values` or `labels`, as its loss needs them. Rows are (t,
/// b) in [T, B], or [B] after a selection. Rows past a sequence's length, and sequences of length
/// 0, are not valid.
struct ReferenceTarget {
  std::span<const std::int32_t> classes = {};        ///< [rows]
  std::span<const double> values = {};               ///< [rows, width]
  std::span<const std::int32_t> labels = {};         ///< ctc: [S, B]
  std::span<const std::int32_t> label_lengths = {};  ///< ctc: [B], from 0 to S
};

struct ReferenceLoss {
  double loss = 0;
  /// [rows, size]: the gradient of the predictions; 0 in rows that are not valid
  std::vector<double> gradient = {};
  double denominator = 0;
};

/// The loss of `predictions` [rows, size]. A class must be one of a row's classes or the ignored
/// one. A label must be one of a row's classes and not the blank.
Status reference_loss(const LossOptions& options, const ReferenceRows& rows,
                      std::span<const double> predictions, const ReferenceTarget& target,
                      ReferenceLoss& result);

}  // namespace gru
