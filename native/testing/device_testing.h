#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "device/device.h"
#include "testing/random_cases.h"

/// Shared by the tests of devices: float data, and memory with guards.
namespace gru::testing {

/// Half a unit in the last place of 1: the relative error of one rounding to float.
inline constexpr double rounding = 0x1p-24;

inline constexpr float nan_float = std::numeric_limits<float>::quiet_NaN();
inline constexpr float infinity = std::numeric_limits<float>::infinity();

inline std::vector<float> to_floats(std::span<const double> values) {
  std::vector<float> made(values.size());
  for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<float>(values[i]);
  return made;
}

inline std::vector<double> to_doubles(std::span<const float> values) {
  return {values.begin(), values.end()};
}

inline std::vector<float> random_floats(Random& random, std::size_t count, double scale = 1) {
  return to_floats(random.values(count, scale));
}

inline bool coin(Random& random) { return random.size(0, 1) == 1; }

/// Compares bit for bit: NaN equals itself, and zeros of different sign differ.
inline bool same_bits(std::span<const float> a, std::span<const float> b) {
  return std::ranges::equal(a, b, [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
  });
}

/// A row-major matrix with gaps between its rows, between two guard zones. Every float outside its
/// elements has a mark that no code may overwrite. At first each element has the mark as well.
class GuardedMatrix {
 public:
  /// The floats of a guard zone.
  static constexpr std::size_t guard = 64;

  GuardedMatrix(std::size_t rows, std::size_t columns, std::size_t gap = 3)
      : rows_(rows),
        columns_(columns),
        stride_(columns + gap),
        memory_(2 * guard + rows * stride_, mark()) {}

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  std::size_t stride() const { return stride_; }
  float* data() { return memory_.data() + guard; }
  /// All floats, including guard zones and gaps.
  std::span<float> memory() { return memory_; }
  float& at(std::size_t row, std::size_t column) { return data()[row * stride_ + column]; }
  bool untouched(std::size_t row, std::size_t column) {
    return std::bit_cast<std::uint32_t>(at(row, column)) == mark_bits;
  }
  void assign(std::span<const float> values) {
    for (std::size_t i = 0; i < values.size(); ++i) at(i / columns_, i % columns_) = values[i];
  }
  /// Its elements without the gaps.
  std::vector<float> values() {
    std::vector<float> all;
    for (std::size_t row = 0; row < rows_; ++row) {
      all.insert(all.end(), data() + row * stride_, data() + row * stride_ + columns_);
    }
    return all;
  }
  bool guards_hold() const {
    for (std::size_t i = 0; i < memory_.size(); ++i) {
      const bool inside = i >= guard && i < guard + rows_ * stride_;
      if (inside && (i - guard) % stride_ < columns_) continue;
      if (std::bit_cast<std::uint32_t>(memory_[i]) != mark_bits) return false;
    }
    return true;
  }

 private:
  static constexpr std::uint32_t mark_bits = 0x7fc5a5a5;  // NaN, so that reads of it show
  static float mark() { return std::bit_cast<float>(mark_bits); }

  std::size_t rows_;
  std::size_t columns_;
  std::size_t stride_;
  std::vector<float> memory_;
};

/// Normal numbers, with rows at a random distance.
inline GuardedMatrix random_matrix(Random& random, std::size_t rows, std::size_t columns,
                                   double scale = 1) {
  GuardedMatrix matrix(rows, columns, random.size(0, 5));
  matrix.assign(random_floats(random, rows * columns, scale));
  return matrix;
}

inline DeviceMatrix<float> view(GuardedMatrix& matrix) {
  return {matrix.data(), matrix.rows(), matrix.columns(), matrix.stride()};
}

}  // namespace gru::testing
