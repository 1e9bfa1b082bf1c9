#include <algorithm>
#include <cmath>

#include "reference/loss_rows.h"

namespace gru::reference {

namespace {

/// One value's loss and its derivative.
struct Term {
  double loss = 0;
  double derivative = 0;
};

double sign(double value) { return value > 0 ? 1 : (value < 0 ? -1 : value); }

Term squared(double error) { return {error * error, 2 * error}; }
Term absolute(double error) { return {std::abs(error), sign(error)}; }

Term huber(double error, double delta) {
  const double size = std::abs(error);
  if (size <= delta) return {error * error / 2, error};
  return {delta * (size - delta / 2), delta * sign(error)};
}

/// The pinball loss; `error` is prediction - target.
Term pinball(double error, double tau) {
  return error > 0 ? Term{(1 - tau) * error, 1 - tau} : Term{-tau * error, tau * sign(error)};
}

/// log(1 + e^x) without overflow.
double softplus(double x) { return std::fmax(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

/// -w t log sigmoid(y) - (1 - t) log(1 - sigmoid(y))
Term binary(double y, double t, double w) {
  const double probability = y >= 0 ? 1 / (1 + std::exp(-y)) : std::exp(y) / (1 + std::exp(y));
  return {w * t * softplus(-y) + (1 - t) * softplus(y),
          (1 - t) * probability - w * t * (1 - probability)};
}

bool is_missing(const LossOptions& options, double target) {
  return options.ignore_missing && std::isnan(target);
}

/// The number of neighbouring predictions for one value of the target.
std::size_t predictions_of_value(const LossOptions& options) {
  return options.kind == LossKind::quantile ? options.quantiles.size() : 1;
}

/// The term of prediction k of a row, for all losses with one term for each prediction.
Term term_of(const LossOptions& options, std::size_t k, Values y, Values t) {
  switch (options.kind) {
    case LossKind::mean_absolute_error:
      return absolute(y[k] - t[k]);
    case LossKind::huber:
      return huber(y[k] - t[k], options.delta);
    case LossKind::quantile: {
      const std::size_t quantiles = options.quantiles.size();
      return pinball(y[k] - t[k / quantiles], options.quantiles[k % quantiles]);
    }
    case LossKind::binary_cross_entropy:
      return binary(y[k], t[k], options.positive_weights.empty() ? 1 : options.positive_weights[k]);
    default:
      return squared(y[k] - t[k]);
  }
}

/// A row's predictions are the means and then the log variances s. The loss is (s + (t - m)^2
/// exp(-s)) / 2 for each value.
double gaussian_row(const LossOptions& options, Values y, Values t, Gradients dy) {
  const std::size_t count = t.size();
  double sum = 0;
  for (std::size_t j = 0; j < count; ++j) {
    if (is_missing(options, t[j])) continue;
    const double error = y[j] - t[j];
    const double precision = std::exp(-y[count + j]);
    sum += (y[count + j] + error * error * precision) / 2;
    dy[j] = error * precision;
    dy[count + j] = (1 - error * error * precision) / 2;
  }
  return sum;
}

double row_sum(const LossOptions& options, Values y, Values t, Gradients dy) {
  if (options.kind == LossKind::gaussian) return gaussian_row(options, y, t, dy);
  double sum = 0;
  for (std::size_t k = 0; k < y.size(); ++k) {
    if (is_missing(options, t[k / predictions_of_value(options)])) continue;
    const Term term = term_of(options, k, y, t);
    sum += term.loss;
    dy[k] = term.derivative;
  }
  return sum;
}

}  // namespace

Status value_loss(const LossOptions& options, const ReferenceRows& rows, Values predictions,
                  const ReferenceTarget& target, ReferenceLoss& result) {
  const std::size_t width = target_width(options, rows.size);
  GRU_RETURN_IF_ERROR(
      check_count("target", "rows*size", CheckedSize(rows.rows) * width, target.values.size()));
  GRU_RETURN_IF_ERROR(
      check_optional_count("positiveWeights", "size", rows.size, options.positive_weights.size()));
  const std::size_t terms = options.kind == LossKind::gaussian ? width : rows.size;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (!counts(rows, row)) continue;
    const Values wanted = target.values.subspan(row * width, width);
    const Gradients dy = Gradients(result.gradient).subspan(row * rows.size, rows.size);
    const Values predicted = predictions.subspan(row * rows.size, rows.size);
    result.loss += row_sum(options, predicted, wanted, dy) / static_cast<double>(terms);
    for (double& derivative : dy) derivative /= static_cast<double>(terms);
    const auto missing =
        std::ranges::count_if(wanted, [&](double value) { return is_missing(options, value); });
    result.denominator += 1 - static_cast<double>(missing) / static_cast<double>(width);
  }
  return {};
}

}  // namespace gru::reference
