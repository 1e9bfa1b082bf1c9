#pragma once

#include "cpu/kernels/simd.h"

GRU_KERNELS_BEGIN

/// e^x for x within about [-87, 88]; clamped beyond, NaN stays.
///
/// x = n ln 2 + f with |f| <= ln 2 / 2 (ln 2 in two parts, after Cody and Waite), e^f by its
/// minimax polynomial of degree 6, 2^n through the exponent bits.
GRU_INLINE Vector exponential(Vector x) {
  const Vector low = broadcast(-87.0F);
  const Vector high = broadcast(88.0F);
  x = x < low ? low : x;  // comparisons with NaN are false: it passes
  x = x > high ? high : x;
  const Vector magic = broadcast(12582912.0F);  // 1.5 * 2^23: adding it rounds to an integer
  const Vector shifted = x * broadcast(1.44269504088896341F) + magic;
  const Vector n = shifted - magic;
  Vector f = x - n * broadcast(0.693145751953125F);
  f = f - n * broadcast(1.428606765330187e-6F);
  Vector p = broadcast(1.381461275741458e-3F);
  p = p * f + broadcast(8.368710055947304e-3F);
  p = p * f + broadcast(4.166838899254799e-2F);
  p = p * f + broadcast(1.666652113199234e-1F);
  p = p * f + broadcast(4.999999403953552e-1F);
  p = p * f + broadcast(1.0F);
  p = p * f + broadcast(1.0F);
  const BitVector exponent = as_bits(shifted) << 23;
  const Vector result = as_floats(as_bits(p) + exponent);
  return x == x ? result : x;  // the sum of bits would make a number of a NaN's payload
}

/// 1 / (1 + e^-x).
GRU_INLINE Vector sigmoid(Vector x) {
  const Vector one = broadcast(1.0F);
  return one / (one + exponential(-x));
}

/// Beyond 0.6 as 1 - 2 / (e^2x + 1), whose error is of the size of 1's own rounding; within, where
/// that would cancel, as x + x^3 P(x^2) with P the minimax polynomial of (tanh x - x) / x^3. Both
/// errors stay below 3e-7 relative to the result.
GRU_INLINE Vector hyperbolic_tangent(Vector x) {
  const Vector one = broadcast(1.0F);
  const Vector large = one - broadcast(2.0F) / (exponential(x + x) + one);
  const Vector square = x * x;
  Vector p = broadcast(-5.8951592072844505e-3F);
  p = p * square + broadcast(2.0795973017811775e-2F);
  p = p * square + broadcast(-5.3783830255270004e-2F);
  p = p * square + broadcast(1.3331924378871918e-1F);
  p = p * square + broadcast(-3.3333298563957214e-1F);
  const Vector small = (x * square) * p + x;
  return square < broadcast(0.36F) ? small : large;
}

GRU_KERNELS_END
