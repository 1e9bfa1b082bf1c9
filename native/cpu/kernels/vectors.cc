#include "cpu/kernels/kernels.h"

GRU_KERNELS_BEGIN

namespace {

/// The number of rows whose sums are formed separately first. Rounding then grows with the depth of
/// the tree of sums and not with the number of rows.
inline constexpr std::size_t sum_rows = 128;

}  // namespace

float largest_magnitude(const float* values, std::size_t count) {
  Vector largest{};
  for (std::size_t i = 0; i < count; i += lanes) {
    const Vector value = load(values + i, count - i);
    const Vector magnitude = value < Vector{} ? -value : value;
    largest = magnitude > largest ? magnitude : largest;  // false for NaN: it is ignored
  }
  float result = 0;
  for (std::size_t i = 0; i < lanes; ++i) result = largest[i] > result ? largest[i] : result;
  return result;
}

namespace {

/// Sums `Vectors` neighbouring vectors of columns. The last vector has `count` columns.
template <int Vectors>
GRU_INLINE void sum_columns(const PackSource& from, float* sums, std::size_t column,
                            std::size_t count) {
  const std::size_t last = (Vectors - 1) * lanes;
  Vector total[Vectors];
#pragma GCC unroll 8
  for (int v = 0; v < Vectors - 1; ++v) {
    total[v] = load(sums + column + static_cast<std::size_t>(v) * lanes);
  }
  total[Vectors - 1] = load(sums + column + last, count);
  for (std::size_t row = 0; row < from.rows; row += sum_rows) {
    const std::size_t stop = minimum(row + sum_rows, from.rows);
    Vector part[Vectors] = {};
    for (std::size_t i = row; i < stop; ++i) {
      const float* values = from.data + i * from.stride + column;
#pragma GCC unroll 8
      for (int v = 0; v < Vectors - 1; ++v) {
        part[v] += load(values + static_cast<std::size_t>(v) * lanes);
      }
      part[Vectors - 1] += load(values + last, count);
    }
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) total[v] += part[v];
  }
#pragma GCC unroll 8
  for (int v = 0; v < Vectors - 1; ++v) {
    store(sums + column + static_cast<std::size_t>(v) * lanes, total[v]);
  }
  store(sums + column + last, total[Vectors - 1], count);
}

/// Neighbouring vectors that are summed together: whole cache lines of a row, and enough
/// independent sums.
inline constexpr int sum_vectors = 4;

}  // namespace

void column_sums(const PackSource& from, float* sums, std::size_t first, std::size_t end) {
  constexpr std::size_t width = sum_vectors * lanes;
  std::size_t column = first;
  for (; column + width <= end; column += width) {
    sum_columns<sum_vectors>(from, sums, column, lanes);
  }
  for (; column < end; column += lanes) {
    sum_columns<1>(from, sums, column, minimum(lanes, end - column));
  }
}

double sum_of_squares(const float* values, std::size_t count) {
  // Eight sums in a fixed order, so that the compiler may keep them in vectors.
  double sums[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) {
      const auto value = static_cast<double>(values[i + lane]);
      sums[lane] += value * value;
    }
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  for (; i < count; ++i) {
    const auto value = static_cast<double>(values[i]);
    total += value * value;
  }
  return total;
}

void scale(float* values, std::size_t count, float factor) {
  for (std::size_t i = 0; i < count; ++i) values[i] *= factor;
}

void clamp(float* values, std::size_t count, float limit) {
  for (std::size_t i = 0; i < count; ++i) {
    float value = values[i];
    value = value > limit ? limit : value;
    values[i] = value < -limit ? -limit : value;
  }
}

GRU_KERNELS_END
