#pragma once

#include <cstdint>

#include "cpu/kernels/simd.h"

GRU_KERNELS_BEGIN

/// How a tile finds element (row, k) of a.
struct RowMajor {
  const float* data;
  std::size_t stride;
  static inline __attribute__((always_inline)) float at(const RowMajor& a, std::size_t row,
                                                        std::size_t k) {
    return a.data[row * a.stride + k];
  }
};

/// Packed by pack_tiles: [k][max_rows].
struct PackedTile {
  const float* data;
  static inline __attribute__((always_inline)) float at(const PackedTile& a, std::size_t row,
                                                        std::size_t k) {
    return a.data[k * max_rows + row];
  }
};

/// What a tile prefetches while it computes.
enum class Fetch : std::uint8_t {
  nothing,  ///< its weights are in the first or second-level cache
  own,      ///< its own weights, shortly before their use
  next,     ///< a part of the weights that are needed next
};

/// Long enough for the latency of the third-level cache. More would fill the queue of pending
/// loads.
inline constexpr std::size_t fetch_distance = 16;

/// One step of the depth for a tile with more vectors than rows: x stays in registers, and each
/// vector of weights is loaded once.
template <int Rows, int Vectors, Fetch fetch, class A>
GRU_INLINE void add_products_by_vectors(Vector (&sums)[Rows][Vectors], const A& a, const float* b,
                                        std::size_t k) {
  Vector x[Rows];
#pragma GCC unroll 8
  for (int row = 0; row < Rows; ++row) {
    x[row] = broadcast(A::at(a, static_cast<std::size_t>(row), k));
  }
#pragma GCC unroll 4
  for (int v = 0; v < Vectors; ++v) {
    const float* at = b + (k * Vectors + static_cast<std::size_t>(v)) * lanes;
    if constexpr (fetch == Fetch::own) __builtin_prefetch(at + fetch_distance * Vectors * lanes);
    const Vector weights = load(at);
#pragma GCC unroll 8
    for (int row = 0; row < Rows; ++row) sums[row][v] += x[row] * weights;
  }
}

/// The only inner loop of all products: sums[row][group * Vectors + v] += a[row][k] * b[k][v]. k
/// rises, and each sum is one chain of additions, so that its bits do not depend on the tile.
///
/// `b` is [k][Vectors * lanes]; the next groups are `group_stride` apart. If there are few rows,
/// several groups give enough independent chains. With Fetch::next, `next` is [depth][lanes].
template <int Rows, int Groups, int Vectors, Fetch fetch, class A>
GRU_INLINE void multiply_tile(Vector (&sums)[Rows][Groups * Vectors], const A& a, const float* b,
                              std::size_t group_stride, std::size_t depth, const float* next) {
  for (std::size_t k = 0; k < depth; ++k) {
    if constexpr (fetch == Fetch::next) __builtin_prefetch(next + k * lanes, 0, 2);
    if constexpr (Groups == 1 && Vectors > 3 && Rows < Vectors) {
      add_products_by_vectors<Rows, Vectors, fetch>(sums, a, b, k);
      continue;
    }
    Vector weights[Groups * Vectors];
#pragma GCC unroll 4
    for (int group = 0; group < Groups; ++group) {
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) {
        const float* at = b + static_cast<std::size_t>(group) * group_stride +
                          (k * Vectors + static_cast<std::size_t>(v)) * lanes;
        if constexpr (fetch == Fetch::own)
          __builtin_prefetch(at + fetch_distance * Vectors * lanes);
        weights[group * Vectors + v] = load(at);
      }
    }
    // The broadcast is inside the row loop, since an array of broadcasts makes GCC 12 spill
    // registers.
#pragma GCC unroll 8
    for (int row = 0; row < Rows; ++row) {
      const Vector x = broadcast(A::at(a, static_cast<std::size_t>(row), k));
#pragma GCC unroll 16
      for (int v = 0; v < Groups * Vectors; ++v) sums[row][v] += x * weights[v];
    }
  }
}

GRU_KERNELS_END
