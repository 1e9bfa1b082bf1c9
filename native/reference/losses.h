#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

/// Losses: means over the rows that are valid. With no valid row, the loss and its gradient are 0.
namespace gru {

/// The rows of a batch of predictions and which of them count.
struct ReferenceRows {
  std::size_t rows = 0;
  std::size_t size = 0;                 ///< classes, or values, in a row
  std::span<const std::uint8_t> valid;  ///< [rows], nonzero where a row counts; empty: all do
};

struct ReferenceLoss {
  double loss = 0;
  std::vector<double> gradient;  ///< [rows, size]: of the predictions; 0 in rows that do not count
};

/// Softmax cross entropy (torch.nn.CrossEntropyLoss): the mean over valid rows of
/// log(sum_c exp(logits_c)) - logits_target. `logits` [rows, classes], `targets` [rows], each
/// 0..classes-1 in valid rows.
Status reference_cross_entropy(const ReferenceRows& rows, std::span<const double> logits,
                               std::span<const std::int32_t> targets, ReferenceLoss& result);

/// Mean squared error (torch.nn.MSELoss): the mean over valid rows and their values of
/// (prediction - target)^2. `predictions` and `targets` [rows, values].
Status reference_mean_squared_error(const ReferenceRows& rows, std::span<const double> predictions,
                                    std::span<const double> targets, ReferenceLoss& result);

}  // namespace gru
