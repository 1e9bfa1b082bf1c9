#include "cpu/kernels/activations.h"
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/rows.h"

GRU_KERNELS_BEGIN

namespace {

GRU_INLINE float sum_of_exponentials(const float* row, std::size_t count, float maximum) {
  Vector sums{};
  for (std::size_t i = 0; i < count; i += lanes) {
    const std::size_t real = minimum(lanes, count - i);
    Vector e = exponential(load(row + i, real) - broadcast(maximum));
    for (std::size_t lane = real; lane < lanes; ++lane) e[lane] = 0;
    sums += e;
  }
  return lane_sum(sums);
}

GRU_INLINE void softmax_gradient(const float* row, float* d_row, std::size_t count, float maximum,
                                 float total, std::size_t target, float scale) {
  const Vector factor = broadcast(scale / total);
  for (std::size_t i = 0; i < count; i += lanes) {
    const std::size_t real = minimum(lanes, count - i);
    store(d_row + i, exponential(load(row + i, real) - broadcast(maximum)) * factor, real);
  }
  d_row[target] -= scale;
}

}  // namespace

double cross_entropy(const PackSource& logits, const std::int32_t* targets, float* d_logits,
                     std::size_t d_stride, float scale) {
  double loss = 0;
  for (std::size_t i = 0; i < logits.rows; ++i) {
    const float* row = logits.data + i * logits.stride;
    const auto target = static_cast<std::size_t>(targets[i]);
    const float maximum = largest(row, logits.columns);
    const float total = sum_of_exponentials(row, logits.columns, maximum);
    loss += __builtin_log(static_cast<double>(total)) -
            (static_cast<double>(row[target]) - static_cast<double>(maximum));
    if (d_logits != nullptr) {
      softmax_gradient(row, d_logits + i * d_stride, logits.columns, maximum, total, target, scale);
    }
  }
  return loss;
}

double squared_error(double sum, const float* values, const float* targets, float* d_values,
                     std::size_t count, float scale) {
  for (std::size_t i = 0; i < count; ++i) {
    const float difference = values[i] - targets[i];
    sum += static_cast<double>(difference) * static_cast<double>(difference);
    if (d_values != nullptr) d_values[i] = difference * scale;
  }
  return sum;
}

GRU_KERNELS_END
