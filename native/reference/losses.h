#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/loss_options.h"
#include "base/status.h"

/// Losses: the sum over the rows that count, divided by a denominator: the rows' number, or the sum
/// of their classes' weights. Where that is 0, the loss and its gradient are 0.
namespace gru {

/// The rows of a batch of predictions and which of them count.
struct ReferenceRows {
  std::size_t rows = 0;
  std::size_t size = 0;                      ///< classes, or values, in a row
  std::span<const std::uint8_t> valid = {};  ///< [rows], nonzero where a row counts; empty: all do
};

/// What an output should have been: `classes`, `values` or labels, as its loss says. Rows are
/// (t, b) in [T, B], or [B] behind a selection; those past a length, and the sequences of length 0,
/// do not count.
struct ReferenceTarget {
  std::span<const std::int32_t> classes = {};        ///< [rows]
  std::span<const double> values = {};               ///< [rows, width]
  std::span<const std::int32_t> labels = {};         ///< ctc: [S, B]
  std::span<const std::int32_t> label_lengths = {};  ///< ctc: [B], from 0 to S
};

struct ReferenceLoss {
  double loss = 0;
  std::vector<double> gradient = {};  ///< [rows, size]: of the predictions; 0 where a row does not
                                      ///< count
  double denominator = 0;
};

/// The loss of `predictions` [rows, size]. A class must be one of a row's or the ignored one, a
/// label one of a row's but the blank.
Status reference_loss(const LossOptions& options, const ReferenceRows& rows,
                      std::span<const double> predictions, const ReferenceTarget& target,
                      ReferenceLoss& result);

}  // namespace gru
