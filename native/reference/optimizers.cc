#include "reference/optimizers.h"

#include <algorithm>
#include <cmath>

#include "reference/algebra.h"

namespace gru {

using reference::Gradients;
using reference::Values;

namespace {

/// theta <- theta - lr * b,  b <- momentum * b + g
void update_sgd(const OptimizerOptions& options, Values g, Gradients b, Gradients theta) {
  for (std::size_t i = 0; i < theta.size(); ++i) {
    b[i] = options.momentum * b[i] + g[i];
    theta[i] -= options.learning_rate * b[i];
  }
}

/// theta <- theta - lr * (m / (1 - beta1^step)) / (sqrt(v / (1 - beta2^step)) + epsilon)
void update_adam(const OptimizerOptions& options, Values g, std::uint64_t step, Gradients m,
                 Gradients v, Gradients theta) {
  const double correction1 = 1 - std::pow(options.beta1, static_cast<double>(step));
  const double correction2 = 1 - std::pow(options.beta2, static_cast<double>(step));
  for (std::size_t i = 0; i < theta.size(); ++i) {
    m[i] = options.beta1 * m[i] + (1 - options.beta1) * g[i];
    v[i] = options.beta2 * v[i] + (1 - options.beta2) * g[i] * g[i];
    const double denominator = std::sqrt(v[i] / correction2) + options.epsilon;
    theta[i] -= options.learning_rate * (m[i] / correction1) / denominator;
  }
}

/// theta <- theta - lr * b,  b <- momentum * b + g / (sqrt(v) + epsilon)
void update_rmsprop(const OptimizerOptions& options, Values g, Gradients b, Gradients v,
                    Gradients theta) {
  for (std::size_t i = 0; i < theta.size(); ++i) {
    v[i] = options.decay * v[i] + (1 - options.decay) * g[i] * g[i];
    b[i] = options.momentum * b[i] + g[i] / (std::sqrt(v[i]) + options.epsilon);
    theta[i] -= options.learning_rate * b[i];
  }
}

}  // namespace

double reference_gradient_norm(Values gradients) {
  double sum = 0;
  for (const double g : gradients) sum += g * g;
  return std::sqrt(sum);
}

double reference_clip(const ClipOptions& options, Gradients gradients) {
  const double norm = reference_gradient_norm(gradients);
  if (options.norm > 0) {
    // With the arguments in this order a NaN passes through, as in PyTorch.
    const double coefficient = std::min(options.norm / (norm + 1e-6), 1.0);
    for (double& g : gradients) g *= coefficient;
  }
  if (options.value > 0) {
    for (double& g : gradients) g = std::clamp(g, -options.value, options.value);
  }
  return norm;
}

Status reference_update(const OptimizerOptions& options, Values gradients,
                        ReferenceOptimizerState& state, Gradients parameters) {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(reference::check_count("gradients", "the parameters' count",
                                               parameters.size(), gradients.size()));
    if (state.step > 0) {
      GRU_RETURN_IF_ERROR(reference::check_count("state", "the parameters' count",
                                                 parameters.size(), state.first.size()));
    }
    state.first.resize(parameters.size(), 0.0);
    state.second.resize(parameters.size(), 0.0);
    ++state.step;

    const bool decoupled = options.kind == OptimizerKind::adamw;
    std::vector<double> g(gradients.begin(), gradients.end());
    for (std::size_t i = 0; i < g.size(); ++i) {
      if (decoupled) {
        parameters[i] *= 1 - options.learning_rate * options.weight_decay;
      } else {
        g[i] += options.weight_decay * parameters[i];
      }
    }

    switch (options.kind) {
      case OptimizerKind::sgd:
        update_sgd(options, g, state.first, parameters);
        break;
      case OptimizerKind::adam:
      case OptimizerKind::adamw:
        update_adam(options, g, state.step, state.first, state.second, parameters);
        break;
      case OptimizerKind::rmsprop:
        update_rmsprop(options, g, state.first, state.second, parameters);
        break;
    }
    return {};
  });
}

}  // namespace gru
