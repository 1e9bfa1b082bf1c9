#include "base/optimizer_rates.h"
#include "cuda/kernels/matrix.h"
#include "cuda/kernels/optimizers.h"

/// torch.optim's formulas, element by element, as in the CPU's kernels.
namespace gru::cuda {

namespace {

__global__ void __launch_bounds__(plain_threads)
    clip_norm_kernel(float* gradients, std::size_t count, const StepMetrics* metrics,
                     double limit) {
  constexpr double epsilon = 1e-6;  // PyTorch's
  const double factor = limit / (metrics->gradient_norm + epsilon);
  if (factor >= 1) return;  // NaN passes through
  for_each_index(count, [&](std::size_t i) { gradients[i] *= static_cast<float>(factor); });
}

__global__ void __launch_bounds__(plain_threads)
    clip_value_kernel(float* gradients, std::size_t count, float limit) {
  for_each_index(count, [&](std::size_t i) {
    float value = gradients[i];
    value = value > limit ? limit : value;
    gradients[i] = value < -limit ? -limit : value;
  });
}

struct Update : OptimizerRates {
  float* parameters;
  const float* gradients;
  float* first_moment;  ///< or null
  float* second_moment;
  std::size_t count;
};

__device__ __forceinline__ void accumulate_square(const Update& update, float& v, float gradient) {
  v = v * update.second_factor + update.second_rate * gradient * gradient;
}

/// m <- m + (1 - beta1) (g - m), v <- beta2 v + (1 - beta2) g^2. Returns the change of the
/// parameter.
__device__ __forceinline__ float adam_change(const Update& update, std::size_t i, float gradient) {
  float& m = update.first_moment[i];
  float& v = update.second_moment[i];
  m += update.first_rate * (gradient - m);
  accumulate_square(update, v, gradient);
  const float denominator = sqrtf(v) / update.second_correction + update.epsilon;
  return update.learning_rate * (m / denominator);
}

__device__ __forceinline__ float decayed_gradient(const Update& update, std::size_t i) {
  return update.gradients[i] + update.weight_decay * update.parameters[i];
}

/// Returns the change, or the momentum's change if there is momentum.
__device__ __forceinline__ float with_momentum(const Update& update, std::size_t i, float change) {
  if (update.first_moment == nullptr) return change;
  float& m = update.first_moment[i];
  m = m * update.momentum + change;
  return m;
}

__global__ void __launch_bounds__(plain_threads) sgd_kernel(Update update) {
  for_each_index(update.count, [&](std::size_t i) {
    const float change = with_momentum(update, i, decayed_gradient(update, i));
    update.parameters[i] -= update.learning_rate * change;
  });
}

__global__ void __launch_bounds__(plain_threads) adam_kernel(Update update) {
  for_each_index(update.count, [&](std::size_t i) {
    update.parameters[i] -= adam_change(update, i, decayed_gradient(update, i));
  });
}

__global__ void __launch_bounds__(plain_threads) adamw_kernel(Update update) {
  for_each_index(update.count, [&](std::size_t i) {
    const float decayed = update.parameters[i] * update.retained;
    update.parameters[i] = decayed - adam_change(update, i, update.gradients[i]);
  });
}

__global__ void __launch_bounds__(plain_threads) rmsprop_kernel(Update update) {
  for_each_index(update.count, [&](std::size_t i) {
    const float gradient = decayed_gradient(update, i);
    float& v = update.second_moment[i];
    accumulate_square(update, v, gradient);
    const float change = with_momentum(update, i, gradient / (sqrtf(v) + update.epsilon));
    update.parameters[i] -= update.learning_rate * change;
  });
}

__global__ void __launch_bounds__(plain_threads)
    lerp_kernel(float* to, const float* from, std::size_t count, float weight) {
  for_each_index(count, [&](std::size_t i) { to[i] += weight * (from[i] - to[i]); });
}

auto kernel_of(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::adam:
      return adam_kernel;
    case OptimizerKind::adamw:
      return adamw_kernel;
    case OptimizerKind::rmsprop:
      return rmsprop_kernel;
    case OptimizerKind::sgd:
      break;
  }
  return sgd_kernel;
}

}  // namespace

Status clip_norm(const Queue& queue, DeviceSpan<float> gradients, const StepMetrics* metrics,
                 double limit) {
  return launch(queue, clip_norm_kernel, vector_shape(gradients.size()), gradients.data(),
                gradients.size(), metrics, limit);
}

Status clip_value(const Queue& queue, DeviceSpan<float> gradients, double limit) {
  return launch(queue, clip_value_kernel, vector_shape(gradients.size()), gradients.data(),
                gradients.size(), static_cast<float>(limit));
}

Status optimizer_update(const Queue& queue, const OptimizerUpdate& update) {
  const Update whole{optimizer_rates(update.options, update.step),
                     update.parameters.data(),
                     update.gradients.data(),
                     update.first_moment.empty() ? nullptr : update.first_moment.data(),
                     update.second_moment.data(),
                     update.parameters.size()};
  return launch(queue, kernel_of(update.options.kind), vector_shape(whole.count), whole);
}

Status lerp(const Queue& queue, DeviceSpan<float> to, DeviceSpan<const float> from, double weight) {
  return launch(queue, lerp_kernel, vector_shape(to.size()), to.data(), from.data(), to.size(),
                static_cast<float>(weight));
}

}  // namespace gru::cuda
