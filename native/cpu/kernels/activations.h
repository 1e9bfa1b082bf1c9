#pragma once

#include "cpu/kernels/simd.h"

GRU_KERNELS_BEGIN

inline constexpr float log2_e = 1.44269504088896341F;
/// ln 2 as a float has an error of 2e-9. Times 127, the largest exponent, that is no more than
/// rounding.
inline constexpr float ln_2 = 0.693147180559945309F;
/// 1.5 * 2^23. Adding it rounds to an integer, which is then in the lowest bits of the sum.
inline constexpr float rounding = 12582912.0F;

/// 2^n, for the n in `rounded`.
GRU_INLINE Vector power_of_two(Vector rounded) {
  return as_floats((as_bits(rounded) << 23) + as_bits(broadcast(1.0F)));
}

/// e^f for |f| <= ln 2 / 2 with a relative error below 9.2e-8: the minimax polynomial of degree 5
/// that is 1 at 0.
GRU_INLINE Vector small_exponential(Vector f) {
  Vector p = broadcast(8.290272206068039e-3F);
  p = p * f + broadcast(4.189816117286682e-2F);
  p = p * f + broadcast(1.666763871908188e-1F);
  p = p * f + broadcast(4.999914765357971e-1F);
  p = p * f + broadcast(9.999997019767761e-1F);
  return p * f + broadcast(1.0F);
}

/// e^x for x in [-87, 88], clamped beyond; NaN stays NaN. x = n ln 2 + f, e^x = 2^n e^f.
GRU_INLINE Vector exponential(Vector x) {
  x = smaller(broadcast(88.0F), larger(broadcast(-87.0F), x));
  const Vector rounded = x * broadcast(log2_e) + broadcast(rounding);
  const Vector n = rounded - broadcast(rounding);
  return small_exponential(x - n * broadcast(ln_2)) * power_of_two(rounded);
}

/// 1 / (1 + e^-x), with -x = n ln 2 + f.
GRU_INLINE Vector sigmoid(Vector x) {
  x = smaller(broadcast(87.0F), larger(broadcast(-88.0F), x));
  const Vector rounded = broadcast(rounding) - x * broadcast(log2_e);
  const Vector n = rounded - broadcast(rounding);
  const Vector f = -(n * broadcast(ln_2)) - x;
  return reciprocal(small_exponential(f) * power_of_two(rounded) + broadcast(1.0F));
}

/// tanh x = m / (m + 1) with m = (e^2x - 1) / 2. With 2x = n ln 2 + 2g this is m = 2^n (e^2g - 1) /
/// 2 + (2^n - 1) / 2, without cancellation. (e^2g - 1) / 2 = g + g^2 P(g) with a relative error
/// below 1.4e-8; P is minimax. The quotient is rounded once and so never leaves [-1, 1].
GRU_INLINE Vector hyperbolic_tangent(Vector x) {
  x = smaller(broadcast(20.0F), larger(broadcast(-20.0F), x));  // beyond, tanh is 1 to the last bit
  const Vector rounded = x * broadcast(2 * log2_e) + broadcast(rounding);
  const Vector n = rounded - broadcast(rounding);
  const Vector g = x - n * broadcast(ln_2 / 2);
  Vector p = broadcast(1.3882516650483012e-3F * 32);
  p = p * g + broadcast(8.366547524929047e-3F * 16);
  p = p * g + broadcast(4.166720062494278e-2F * 8);
  p = p * g + broadcast(1.666654348373413e-1F * 4);
  p = p * g + broadcast(4.999999701976776e-1F * 2);
  const Vector growth = (g * g) * p + g;
  const Vector power = power_of_two(rounded);
  const Vector m = power * growth + (power * broadcast(0.5F) - broadcast(0.5F));
  return m / (m + broadcast(1.0F));
}

GRU_KERNELS_END
