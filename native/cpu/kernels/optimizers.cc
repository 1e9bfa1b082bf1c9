#include <cfloat>

#include "cpu/kernels/kernels.h"

/// torch.optim's formulas, element by element. Each loop is one pass over the parameters.

GRU_KERNELS_BEGIN

namespace {

/// `moment`, or 0 if it is denormal. A moment whose gradients stay 0 becomes denormal and, since
/// the products are rounded, stays so for ever. Where a processor cannot be told to flush denormals
/// to zero (FlushDenormals), every later step would take several times as long.
GRU_INLINE float flushed(float moment) {
#if defined(__x86_64__) || defined(__aarch64__)
  return moment;
#else
  return __builtin_fabsf(moment) < FLT_MIN ? 0.0F : moment;
#endif
}

GRU_INLINE void accumulate_square(const OptimizerStep& step, float& v, float gradient) {
  v = flushed(v * step.second_factor + step.second_rate * gradient * gradient);
}

GRU_INLINE void accumulate(const OptimizerStep& step, float& m, float gradient) {
  m = flushed(m * step.momentum + gradient);
}

/// m <- m + (1 - beta1) (g - m), v <- beta2 v + (1 - beta2) g^2. Returns the change of the
/// parameter.
GRU_INLINE float adam_change(const OptimizerStep& step, std::size_t i, float gradient) {
  float& m = step.first_moment[i];
  float& v = step.second_moment[i];
  m = flushed(m + step.first_rate * (gradient - m));
  accumulate_square(step, v, gradient);
  const float denominator = __builtin_sqrtf(v) / step.second_correction + step.epsilon;
  return step.learning_rate * (m / denominator);
}

}  // namespace

void sgd(const OptimizerStep& step) {
  for (std::size_t i = 0; i < step.count; ++i) {
    float gradient = step.gradients[i] + step.weight_decay * step.parameters[i];
    if (step.first_moment != nullptr) {
      float& m = step.first_moment[i];
      accumulate(step, m, gradient);
      gradient = m;
    }
    step.parameters[i] -= step.learning_rate * gradient;
  }
}

void adam(const OptimizerStep& step) {
  for (std::size_t i = 0; i < step.count; ++i) {
    const float gradient = step.gradients[i] + step.weight_decay * step.parameters[i];
    step.parameters[i] -= adam_change(step, i, gradient);
  }
}

void adamw(const OptimizerStep& step) {
  for (std::size_t i = 0; i < step.count; ++i) {
    const float decayed = step.parameters[i] * step.retained;
    step.parameters[i] = decayed - adam_change(step, i, step.gradients[i]);
  }
}

void rmsprop(const OptimizerStep& step) {
  for (std::size_t i = 0; i < step.count; ++i) {
    const float gradient = step.gradients[i] + step.weight_decay * step.parameters[i];
    float& v = step.second_moment[i];
    accumulate_square(step, v, gradient);
    float change = gradient / (__builtin_sqrtf(v) + step.epsilon);
    if (step.first_moment != nullptr) {
      float& m = step.first_moment[i];
      accumulate(step, m, change);
      change = m;
    }
    step.parameters[i] -= step.learning_rate * change;
  }
}

void lerp(float* to, const float* from, std::size_t count, float weight) {
  for (std::size_t i = 0; i < count; ++i) to[i] += weight * (from[i] - to[i]);
}

GRU_KERNELS_END
