#pragma once

#include <cstdint>

namespace gru {

struct OptimizerOptions;

/// The factors of one step of an optimiser, as float kernels use them. They are computed in double
/// and rounded once: 1 - beta2 computed in float would lose four digits.
struct OptimizerRates {
  float learning_rate;  ///< divided by 1 - beta1^step for adam and adamw
  float weight_decay;
  float retained;  ///< 1 - learning_rate * weight_decay (adamw)
  float momentum;
  float first_rate;         ///< 1 - beta1
  float second_factor;      ///< beta2, or rmsprop's decay
  float second_rate;        ///< 1 - second_factor
  float second_correction;  ///< sqrt(1 - beta2^step)
  float epsilon;
};

/// `step` counts from 1.
OptimizerRates optimizer_rates(const OptimizerOptions& options, std::uint64_t step);

}  // namespace gru
