#include "cpu/kernels/activations.h"
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/rows.h"

GRU_KERNELS_BEGIN

namespace {

template <class Function>
GRU_INLINE void for_each_vector(float* to, const float* a, const float* b, std::size_t count,
                                const Function& function) {
  for (std::size_t i = 0; i < count; i += lanes) {
    const std::size_t real = minimum(lanes, count - i);
    store(to + i, function(load(a + i, real), load(b + i, real)), real);
  }
}

}  // namespace

void activate(float* values, std::size_t count, Activation activation) {
  switch (activation) {
    case Activation::none:
      return;
    case Activation::relu:
      // A comparison with NaN is false, so NaN stays.
      return for_each_vector(values, values, values, count,
                             [](Vector x, Vector) { return x < Vector{} ? Vector{} : x; });
    case Activation::tanh:
      return for_each_vector(values, values, values, count,
                             [](Vector x, Vector) { return hyperbolic_tangent(x); });
    case Activation::sigmoid:
      return for_each_vector(values, values, values, count,
                             [](Vector x, Vector) { return sigmoid(x); });
  }
}

void activate_backward(float* to, const float* from, const float* values, std::size_t count,
                       Activation activation) {
  switch (activation) {
    case Activation::none:
      return for_each_vector(to, from, values, count, [](Vector d, Vector) { return d; });
    case Activation::relu:
      return for_each_vector(to, from, values, count,
                             [](Vector d, Vector y) { return y <= Vector{} ? Vector{} : d; });
    case Activation::tanh:
      return for_each_vector(to, from, values, count,
                             [](Vector d, Vector y) { return d * (broadcast(1.0F) - y * y); });
    case Activation::sigmoid:
      return for_each_vector(to, from, values, count,
                             [](Vector d, Vector y) { return d * (y * (broadcast(1.0F) - y)); });
  }
}

namespace {

/// The sum of term(j) over all j, as eight sums in a fixed order.
template <class Term>
GRU_INLINE double sum_over(std::size_t count, const Term& term) {
  double sums[8] = {};
  std::size_t j = 0;
  for (; j + 8 <= count; j += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += term(j + lane);
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  for (; j < count; ++j) total += term(j);
  return total;
}

constexpr double norm_epsilon = 1e-5;

}  // namespace

void layer_norm(const NormStep& step) {
  const auto count = static_cast<double>(step.columns);
  for (std::size_t i = step.first; i < step.end; ++i) {
    const float* x = row_of(step.input, i);
    float* y = row_of(step.output, i);
    const double mean =
        sum_over(step.columns, [x](std::size_t j) { return static_cast<double>(x[j]); }) / count;
    const double variance = sum_over(step.columns,
                                     [x, mean](std::size_t j) {
                                       const double off = static_cast<double>(x[j]) - mean;
                                       return off * off;
                                     }) /
                            count;
    const auto middle = static_cast<float>(mean);
    const auto scale = static_cast<float>(1 / __builtin_sqrt(variance + norm_epsilon));
    for (std::size_t j = 0; j < step.columns; ++j) {
      y[j] = (x[j] - middle) * scale * step.weight[j] + step.bias[j];
    }
    row_of(step.statistics, i)[0] = middle;
    row_of(step.statistics, i)[1] = scale;
  }
}

/// With u = (x - mean) * scale and v = weight * d_y: d_x = scale * (v - mean(v) - u mean(u v)).
void layer_norm_backward(const NormBackwardStep& step) {
  const auto count = static_cast<double>(step.columns);
  for (std::size_t i = step.first; i < step.end; ++i) {
    const float* x = row_of(step.input, i);
    const float* d_y = row_of(step.d_output, i);
    const float mean = row_of(step.statistics, i)[0];
    const float scale = row_of(step.statistics, i)[1];
    float* products = row_of(step.d_weight_rows, i);
    for (std::size_t j = 0; j < step.columns; ++j) products[j] = (x[j] - mean) * scale * d_y[j];
    if (step.d_input.data == nullptr) continue;
    const auto mean_v = static_cast<float>(sum_over(step.columns,
                                                    [&](std::size_t j) {
                                                      return static_cast<double>(step.weight[j]) *
                                                             static_cast<double>(d_y[j]);
                                                    }) /
                                           count);
    const auto mean_uv = static_cast<float>(sum_over(step.columns,
                                                     [&](std::size_t j) {
                                                       return static_cast<double>(step.weight[j]) *
                                                              static_cast<double>(products[j]);
                                                     }) /
                                            count);
    float* d_x = row_of(step.d_input, i);
    for (std::size_t j = 0; j < step.columns; ++j) {
      const float u = (x[j] - mean) * scale;
      d_x[j] = scale * (step.weight[j] * d_y[j] - mean_v - u * mean_uv);
    }
  }
}

GRU_KERNELS_END
