#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace gru {

/// The most elements that one tensor may have: byte counts and index differences stay far from
/// overflow in 64 bits.
inline constexpr std::size_t max_elements = std::size_t{1} << 48;

/// A size that is being computed. Sums and products record an overflow instead of wrapping.
class CheckedSize {
 public:
  constexpr CheckedSize(std::size_t value) : value_(value) {}  // NOLINT: sizes convert freely

  constexpr CheckedSize operator*(CheckedSize other) const {
    CheckedSize product(0);
    product.overflowed_ = overflowed_ || other.overflowed_ ||
                          __builtin_mul_overflow(value_, other.value_, &product.value_);
    return product;
  }

  constexpr CheckedSize operator+(CheckedSize other) const {
    CheckedSize sum(0);
    sum.overflowed_ = overflowed_ || other.overflowed_ ||
                      __builtin_add_overflow(value_, other.value_, &sum.value_);
    return sum;
  }

  /// The size as a number of elements; no value if it exceeds max_elements or overflowed.
  constexpr std::optional<std::size_t> elements() const {
    if (overflowed_ || value_ > max_elements) return std::nullopt;
    return value_;
  }

 private:
  std::size_t value_;
  bool overflowed_ = false;
};

}  // namespace gru
