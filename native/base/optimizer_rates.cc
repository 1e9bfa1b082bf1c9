#include "base/optimizer_rates.h"

#include <cmath>

#include "base/options.h"

namespace gru {

OptimizerRates optimizer_rates(const OptimizerOptions& options, std::uint64_t step) {
  const auto count = static_cast<double>(step);
  const bool adam = options.kind == OptimizerKind::adam || options.kind == OptimizerKind::adamw;
  const double first_correction = adam ? 1 - std::pow(options.beta1, count) : 1;
  const double second_correction = adam ? std::sqrt(1 - std::pow(options.beta2, count)) : 1;
  const double second_factor = adam ? options.beta2 : options.decay;
  OptimizerRates rates{};
  rates.learning_rate = static_cast<float>(options.learning_rate / first_correction);
  rates.weight_decay = static_cast<float>(options.weight_decay);
  rates.retained = static_cast<float>(1 - options.learning_rate * options.weight_decay);
  rates.momentum = static_cast<float>(options.momentum);
  rates.first_rate = static_cast<float>(1 - options.beta1);
  rates.second_factor = static_cast<float>(second_factor);
  rates.second_rate = static_cast<float>(1 - second_factor);
  rates.second_correction = static_cast<float>(second_correction);
  rates.epsilon = static_cast<float>(options.epsilon);
  return rates;
}

}  // namespace gru
