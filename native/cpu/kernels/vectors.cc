#include "cpu/kernels/kernels.h"

GRU_KERNELS_BEGIN

namespace {

/// Rows whose sums are formed on their own first, so that rounding grows with the depth of the tree
/// and not with the number of rows.
inline constexpr std::size_t sum_rows = 128;

}  // namespace

float largest_magnitude(const float* values, std::size_t count) {
  Vector largest{};
  for (std::size_t i = 0; i < count; i += lanes) {
    const Vector value = load(values + i, count - i);
    const Vector magnitude = value < Vector{} ? -value : value;
    largest = magnitude > largest ? magnitude : largest;  // NaN compares false: it is no magnitude
  }
  float result = 0;
  for (std::size_t i = 0; i < lanes; ++i) result = largest[i] > result ? largest[i] : result;
  return result;
}

void column_sums(const PackSource& from, float* sums, std::size_t first, std::size_t end) {
  for (std::size_t column = first; column < end; column += lanes) {
    const std::size_t count = minimum(lanes, end - column);
    Vector total{};
    for (std::size_t row = 0; row < from.rows; row += sum_rows) {
      const std::size_t stop = minimum(row + sum_rows, from.rows);
      Vector part{};
      for (std::size_t i = row; i < stop; ++i) {
        part += load(from.data + i * from.stride + column, count);
      }
      total += part;
    }
    store(sums + column, total, count);
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
