#include "cpu/kernels/kernels.h"

GRU_KERNELS_BEGIN

namespace {

/// The loss of one value, and its derivative.
struct Term {
  double loss;
  float derivative;
};

/// The sign as 1 or -1. Zero and NaN are returned unchanged.
GRU_INLINE float sign(float value) { return value > 0 ? 1.0F : (value < 0 ? -1.0F : value); }
GRU_INLINE float magnitude(float value) { return __builtin_fabsf(value); }
GRU_INLINE double square(double value) { return value * value; }

/// Returns `sum` plus the terms of a range, one for each value.
template <class TermOf>
GRU_INLINE double add_terms(double sum, const ValueRange& range, const TermOf& term_of) {
  for (std::size_t i = 0; i < range.count; ++i) {
    const Term term = term_of(i);
    sum += term.loss;
    if (range.d_values != nullptr) range.d_values[i] = term.derivative * range.scale;
  }
  return sum;
}

/// The same for losses that depend on value - target only.
template <class TermOf>
GRU_INLINE double add_errors(double sum, const ValueRange& range, const TermOf& term_of) {
  return add_terms(sum, range,
                   [&](std::size_t i) { return term_of(range.values[i] - range.targets[i]); });
}

}  // namespace

/// The factor 2 of the derivative is in the scale.
double squared_error(double sum, const ValueRange& range) {
  return add_errors(sum, range, [](float error) {
    return Term{square(static_cast<double>(error)), error};
  });
}

double absolute_error(double sum, const ValueRange& range) {
  return add_errors(sum, range, [](float error) {
    return Term{static_cast<double>(magnitude(error)), sign(error)};
  });
}

double huber(double sum, const ValueRange& range) {
  const float delta = range.delta;
  return add_errors(sum, range, [delta](float error) {
    const auto size = static_cast<double>(magnitude(error));
    if (magnitude(error) <= delta) return Term{square(size) / 2, error};
    const auto limit = static_cast<double>(delta);
    return Term{limit * (size - limit / 2), delta * sign(error)};
  });
}

/// Each target has `period` values, one for each quantile.
double pinball(double sum, const ValueRange& range) {
  std::size_t quantile = range.phase;
  const float* target = range.targets;
  return add_terms(sum, range, [&](std::size_t i) {
    const float error = range.values[i] - *target;
    const float tau = range.quantiles[quantile];
    if (++quantile == range.period) {
      quantile = 0;
      ++target;
    }
    const float slope = error > 0 ? 1 - tau : -tau;
    return Term{static_cast<double>(slope) * static_cast<double>(error),
                magnitude(slope) * sign(error)};
  });
}

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which never overflows.
double binary_cross_entropy(double sum, const ValueRange& range) {
  std::size_t weight_index = range.phase;
  return add_terms(sum, range, [&](std::size_t i) {
    const float weight = range.weights == nullptr ? 1.0F : range.weights[weight_index];
    if (++weight_index == range.period) weight_index = 0;
    const float value = range.values[i];
    const float positive = weight * range.targets[i];
    const float negative = 1 - range.targets[i];
    const float small = __builtin_expf(-magnitude(value));
    const float rest = __builtin_log1pf(small);
    const float likelier = 1 / (1 + small);
    const float unlikelier = small / (1 + small);
    const float probability = value > 0 ? likelier : unlikelier;
    const float complement = value > 0 ? unlikelier : likelier;
    const double loss =
        static_cast<double>(positive) * static_cast<double>((value < 0 ? -value : 0) + rest) +
        static_cast<double>(negative) * static_cast<double>((value > 0 ? value : 0) + rest);
    return Term{loss, negative * probability - positive * complement};
  });
}

double gaussian(double sum, const ValueRange& range) {
  for (std::size_t i = 0; i < range.count; ++i) {
    const double error =
        static_cast<double>(range.values[i]) - static_cast<double>(range.targets[i]);
    const auto log_variance = static_cast<double>(range.log_variances[i]);
    const double precision = __builtin_exp(-log_variance);
    const double distance = square(error) * precision;
    sum += (log_variance + distance) / 2;
    if (range.d_values != nullptr) {
      const auto scale = static_cast<double>(range.scale);
      range.d_values[i] = static_cast<float>(scale * error * precision);
      range.d_log_variances[i] = static_cast<float>(scale * (1 - distance) / 2);
    }
  }
  return sum;
}

GRU_KERNELS_END
