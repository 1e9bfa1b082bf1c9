#include "reference/losses.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "reference/algebra.h"

namespace gru {

using reference::check_count;
using reference::check_optional_count;
using reference::Gradients;
using reference::Values;

namespace {

bool counts(const ReferenceRows& rows, std::size_t row) {
  return rows.valid.empty() || rows.valid[row] != 0;
}

std::size_t valid_rows(const ReferenceRows& rows) {
  std::size_t count = 0;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (counts(rows, row)) ++count;
  }
  return count;
}

Status check_rows(const ReferenceRows& rows, Values predictions) {
  GRU_RETURN_IF_ERROR(check_optional_count("valid", "rows", rows.rows, rows.valid.size()));
  return check_count("predictions", "rows*size", CheckedSize(rows.rows) * rows.size,
                     predictions.size());
}

Status check_classes(const ReferenceRows& rows, std::span<const std::int32_t> targets) {
  GRU_RETURN_IF_ERROR(check_count("target", "rows", rows.rows, targets.size()));
  for (std::size_t row = 0; row < rows.rows; ++row) {
    const std::int32_t target = targets[row];
    if (!counts(rows, row)) continue;
    if (target < 0 || static_cast<std::size_t>(target) >= rows.size) {
      return Status::value("target: expected classes from 0 to less than " +
                           std::to_string(rows.size) + ", got " + std::to_string(target) +
                           " in row " + std::to_string(row));
    }
  }
  return {};
}

/// log sum_c exp(logits_c), shifted by the largest so that nothing overflows.
double log_sum_exp(Values logits) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - largest);
  return largest + std::log(sum);
}

}  // namespace

Status reference_cross_entropy(const ReferenceRows& rows, Values logits,
                               std::span<const std::int32_t> targets, ReferenceLoss& result) {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_rows(rows, logits));
    GRU_RETURN_IF_ERROR(check_classes(rows, targets));
    ReferenceLoss made{0, std::vector<double>(logits.size(), 0.0)};
    const double valid = static_cast<double>(valid_rows(rows));
    for (std::size_t row = 0; row < rows.rows; ++row) {
      if (!counts(rows, row)) continue;
      const Values y = logits.subspan(row * rows.size, rows.size);
      const Gradients dy = Gradients(made.gradient).subspan(row * rows.size, rows.size);
      const std::size_t target = static_cast<std::size_t>(targets[row]);
      const double normalizer = log_sum_exp(y);
      made.loss += (normalizer - y[target]) / valid;
      for (std::size_t c = 0; c < rows.size; ++c) {
        const double probability = std::exp(y[c] - normalizer);
        dy[c] = (probability - (c == target ? 1 : 0)) / valid;
      }
    }
    result = std::move(made);
    return {};
  });
}

Status reference_mean_squared_error(const ReferenceRows& rows, Values predictions, Values targets,
                                    ReferenceLoss& result) {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_rows(rows, predictions));
    GRU_RETURN_IF_ERROR(
        check_count("target", "rows*size", CheckedSize(rows.rows) * rows.size, targets.size()));
    ReferenceLoss made{0, std::vector<double>(predictions.size(), 0.0)};
    const double values = static_cast<double>(valid_rows(rows)) * static_cast<double>(rows.size);
    for (std::size_t row = 0; row < rows.rows; ++row) {
      if (!counts(rows, row)) continue;
      for (std::size_t i = row * rows.size; i < (row + 1) * rows.size; ++i) {
        const double error = predictions[i] - targets[i];
        made.loss += error * error / values;
        made.gradient[i] = 2 * error / values;
      }
    }
    result = std::move(made);
    return {};
  });
}

}  // namespace gru
