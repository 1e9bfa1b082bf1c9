#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace gru {

/// Powers of two: the most elements that one tensor may have, and the most bytes of one allocation.
/// Byte counts and index differences stay far from overflow in 64 bits. WebAssembly's sizes have 32
/// bits; there all tensors together have 4 GiB, and one has at most 1 GiB.
inline constexpr bool has_64_bit_sizes = sizeof(std::size_t) == sizeof(std::uint64_t);
inline constexpr int max_elements_exponent = has_64_bit_sizes ? 48 : 28;
inline constexpr int max_bytes_exponent = has_64_bit_sizes ? 48 : 30;
inline constexpr std::size_t max_elements = std::size_t{1} << max_elements_exponent;
inline constexpr std::size_t max_bytes = std::size_t{1} << max_bytes_exponent;
/// The same for messages.
inline constexpr const char* max_elements_name = has_64_bit_sizes ? "2^48" : "2^28";
inline constexpr const char* max_bytes_name = has_64_bit_sizes ? "2^48" : "2^30";

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
  constexpr std::optional<std::size_t> elements() const { return value_up_to(max_elements); }
  /// The size as a number of bytes; no value if it exceeds max_bytes or overflowed.
  constexpr std::optional<std::size_t> bytes() const { return value_up_to(max_bytes); }
  constexpr bool is_at_most(std::size_t limit) const { return !overflowed_ && value_ <= limit; }

 private:
  constexpr std::optional<std::size_t> value_up_to(std::size_t limit) const {
    if (!is_at_most(limit)) return std::nullopt;
    return value_;
  }

  std::size_t value_;
  bool overflowed_ = false;
};

}  // namespace gru
