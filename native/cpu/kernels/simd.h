#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__AVX__)
#include <immintrin.h>
#endif

/// One vector type for every instruction set, through the compilers' vector extensions.
///
/// All of kernels/ is in a namespace named after the instruction set that it is compiled for, and
/// calls no inline function of another header. Otherwise the linker could merge a function compiled
/// for a newer machine with one for an older machine.

#ifndef GRU_ISA
#error "compile the kernels with -DGRU_ISA=<instruction set>"
#endif

#define GRU_KERNELS_BEGIN \
  namespace gru::cpu {    \
  namespace GRU_ISA {
#define GRU_KERNELS_END \
  }                     \
  }
#define GRU_INLINE static inline __attribute__((always_inline))
#define GRU_OUTLINE static __attribute__((noinline))

GRU_KERNELS_BEGIN

#if defined(__AVX512F__)
inline constexpr std::size_t lanes = 16;
inline constexpr int registers = 32;
#elif defined(__AVX__)
inline constexpr std::size_t lanes = 8;
inline constexpr int registers = 16;
#elif defined(__aarch64__)
inline constexpr std::size_t lanes = 4;
inline constexpr int registers = 32;
#else
inline constexpr std::size_t lanes = 4;
inline constexpr int registers = 16;
#endif

typedef float Vector __attribute__((vector_size(lanes * sizeof(float))));
typedef double DoubleVector __attribute__((vector_size(lanes * sizeof(double))));
typedef std::uint32_t BitVector __attribute__((vector_size(lanes * sizeof(float))));

/// Rows of the largest tile. Its sums and three vectors of weights together fill the registers.
inline constexpr std::size_t max_rows = registers == 32 ? 8 : 4;

GRU_INLINE Vector broadcast(float value) { return value - Vector{}; }

GRU_INLINE Vector load(const float* from) {
  Vector value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

GRU_INLINE void store(float* to, Vector value) { __builtin_memcpy(to, &value, sizeof value); }

// Loads and stores of a part of a vector, at the edge of a tensor. They are rare, so they are not
// inlined.
[[maybe_unused]] __attribute__((noinline, cold)) static Vector load_part(const float* from,
                                                                         std::size_t count) {
  Vector value{};
  for (std::size_t i = 0; i < count; ++i) value[i] = from[i];
  return value;
}

[[maybe_unused]] __attribute__((noinline, cold)) static void store_part(float* to, Vector value,
                                                                        std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = value[i];
}

/// The first `count` lanes; the others are zero.
GRU_INLINE Vector load(const float* from, std::size_t count) {
  return __builtin_expect(count >= lanes, 1) ? load(from) : load_part(from, count);
}

GRU_INLINE void store(float* to, Vector value, std::size_t count) {
  if (__builtin_expect(count >= lanes, 1)) return store(to, value);
  store_part(to, value, count);
}

GRU_INLINE BitVector as_bits(Vector value) { return (BitVector)value; }
GRU_INLINE Vector as_floats(BitVector bits) { return (Vector)bits; }

// The x86 instruction compares once and returns b if either is NaN. GCC 12 does not find it for a ?
// :.

/// a > b ? a : b, lane by lane.
GRU_INLINE Vector larger(Vector a, Vector b) {
#if defined(__AVX512F__)
  return (Vector)_mm512_maskz_max_ps(0xffff, (__m512)a, (__m512)b);
#elif defined(__AVX__)
  return (Vector)_mm256_max_ps((__m256)a, (__m256)b);
#else
  return a > b ? a : b;
#endif
}

/// a < b ? a : b, lane by lane.
GRU_INLINE Vector smaller(Vector a, Vector b) {
#if defined(__AVX512F__)
  return (Vector)_mm512_maskz_min_ps(0xffff, (__m512)a, (__m512)b);
#elif defined(__AVX__)
  return (Vector)_mm256_min_ps((__m256)a, (__m256)b);
#else
  return a < b ? a : b;
#endif
}

/// 1 / x for finite x of normal size, with an error of about one ulp. AVX-512 has an estimate of 14
/// bits; one step of Newton's method doubles them. Its division has half that speed.
GRU_INLINE Vector reciprocal(Vector x) {
#if defined(__AVX512F__)
  const Vector estimate = (Vector)_mm512_maskz_rcp14_ps(0xffff, (__m512)x);
  return (broadcast(1.0F) - x * estimate) * estimate + estimate;
#else
  return broadcast(1.0F) / x;
#endif
}

/// Calls body(i) for 0..count, or from the last to the first. Weights that exceed a cache are
/// processed in alternating directions, so that each step begins with those that the step before
/// left in the cache.
template <class Body>
GRU_INLINE void for_each_in_order(std::size_t count, bool descending, const Body& body) {
  for (std::size_t i = 0; i < count; ++i) body(descending ? count - 1 - i : i);
}

/// The index that for_each_in_order calls after i; after the last index, the last index again.
GRU_INLINE std::size_t next_in_order(std::size_t i, std::size_t count, bool descending) {
  if (descending) return i == 0 ? 0 : i - 1;
  return i + 1 < count ? i + 1 : i;
}

GRU_INLINE std::size_t minimum(std::size_t a, std::size_t b) { return a < b ? a : b; }
GRU_INLINE std::size_t blocks_of(std::size_t count) { return (count + lanes - 1) / lanes; }

GRU_KERNELS_END
