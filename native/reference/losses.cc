#include "reference/losses.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "reference/loss_rows.h"

namespace gru {

namespace reference {

namespace {

Status check_classes(const LossOptions& options, const ReferenceRows& rows,
                     std::span<const std::int32_t> targets) {
  GRU_RETURN_IF_ERROR(check_count("target", "rows", rows.rows, targets.size()));
  GRU_RETURN_IF_ERROR(
      check_optional_count("classWeights", "classes", rows.size, options.class_weights.size()));
  for (std::size_t row = 0; row < rows.rows; ++row) {
    const std::int32_t target = targets[row];
    if (!counts(rows, row) || target == options.ignored_class) continue;
    if (target < 0 || static_cast<std::size_t>(target) >= rows.size) {
      return Status::value("target: expected classes from 0 to less than " +
                           std::to_string(rows.size) + ", got " + std::to_string(target) +
                           " in row " + std::to_string(row));
    }
  }
  return {};
}

}  // namespace

double log_sum_exp(Values logits) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - largest);
  return largest + std::log(sum);
}

// (1 - s) w_t (Z - y_t) + s/K sum_k w_k (Z - y_k), with Z = log sum_k exp(y_k)
Status cross_entropy(const LossOptions& options, const ReferenceRows& rows, Values logits,
                     const ReferenceTarget& target, ReferenceLoss& result) {
  GRU_RETURN_IF_ERROR(check_classes(options, rows, target.classes));
  const auto weight_of = [&](std::size_t c) {
    return options.class_weights.empty() ? 1.0 : static_cast<double>(options.class_weights[c]);
  };
  const double smoothing = options.label_smoothing;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (!counts(rows, row) || target.classes[row] == options.ignored_class) continue;
    const auto t = static_cast<std::size_t>(target.classes[row]);
    const Values y = logits.subspan(row * rows.size, rows.size);
    const Gradients dy = Gradients(result.gradient).subspan(row * rows.size, rows.size);
    const double normalizer = log_sum_exp(y);
    // The loss is sum_k q_k (Z - y_k), and dZ/dy_k the probability of k.
    double total = 0;
    for (std::size_t k = 0; k < rows.size; ++k) {
      double q = k == t ? (1 - smoothing) * weight_of(k) : 0;
      if (smoothing > 0) q += smoothing / static_cast<double>(rows.size) * weight_of(k);
      if (k == t || smoothing > 0) result.loss += q * (normalizer - y[k]);
      dy[k] -= q;
      total += q;
    }
    for (std::size_t k = 0; k < rows.size; ++k) dy[k] += total * std::exp(y[k] - normalizer);
    result.denominator += weight_of(t);
  }
  return {};
}

}  // namespace reference

namespace {

Status sum_of_rows(const LossOptions& options, const ReferenceRows& rows,
                   reference::Values predictions, const ReferenceTarget& target,
                   ReferenceLoss& result) {
  switch (options.kind) {
    case LossKind::cross_entropy:
      return reference::cross_entropy(options, rows, predictions, target, result);
    case LossKind::ctc:
      return reference::ctc(rows, predictions, target, result);
    default:
      return reference::value_loss(options, rows, predictions, target, result);
  }
}

}  // namespace

Status reference_loss(const LossOptions& options, const ReferenceRows& rows,
                      reference::Values predictions, const ReferenceTarget& target,
                      ReferenceLoss& result) {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(
        reference::check_optional_count("valid", "rows", rows.rows, rows.valid.size()));
    GRU_RETURN_IF_ERROR(reference::check_count(
        "predictions", "rows*size", CheckedSize(rows.rows) * rows.size, predictions.size()));
    ReferenceLoss made;
    made.gradient.assign(predictions.size(), 0.0);
    GRU_RETURN_IF_ERROR(sum_of_rows(options, rows, predictions, target, made));
    const double scale = made.denominator > 0 ? 1 / made.denominator : 0;
    made.loss *= scale;
    for (double& gradient : made.gradient) gradient *= scale;
    result = std::move(made);
    return {};
  });
}

}  // namespace gru
