#pragma once

#include "cpu/kernel_table.h"
#include "cpu/kernels/simd.h"

GRU_KERNELS_BEGIN

GRU_INLINE const float* row_of(const ConstRows& rows, std::size_t i) {
  return rows.data + i * rows.stride;
}
GRU_INLINE float* row_of(const Rows& rows, std::size_t i) { return rows.data + i * rows.stride; }
GRU_INLINE std::size_t row_number(const SequenceSteps& steps, std::size_t t) {
  return static_cast<std::size_t>(steps.first[t]) + steps.position;
}

GRU_INLINE float lane_sum(Vector values) {
  float sum = 0;
  for (std::size_t i = 0; i < lanes; ++i) sum += values[i];
  return sum;
}

/// The largest value, ignoring NaN. NaN still reaches the results through the sum of exponentials.
GRU_INLINE float largest(const float* values, std::size_t count) {
  float maximum = values[0];
  for (std::size_t i = 1; i < count; ++i) maximum = values[i] > maximum ? values[i] : maximum;
  return maximum;
}

/// The sum of the products. Four vectors are summed at a time.
GRU_INLINE float dot(const float* a, const float* b, std::size_t count) {
  Vector sums[4] = {};
  std::size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < 4; ++v)
      sums[v] += load(a + i + v * lanes) * load(b + i + v * lanes);
  }
  for (; i < count; i += lanes) sums[0] += load(a + i, count - i) * load(b + i, count - i);
  return lane_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// to += factor * from.
GRU_INLINE void add_scaled(float* to, float factor, const float* from, std::size_t count) {
  const Vector factors = broadcast(factor);
  for (std::size_t i = 0; i < count; i += lanes) {
    const std::size_t real = minimum(lanes, count - i);
    store(to + i, load(to + i, real) + factors * load(from + i, real), real);
  }
}

GRU_INLINE void clear(float* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = 0;
}

GRU_KERNELS_END
