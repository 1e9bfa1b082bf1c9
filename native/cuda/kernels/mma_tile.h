#pragma once

#include "cuda/kernels/mma.h"

namespace gru::cuda {

/// A tile of a product that uses matrix instructions: each of four warps has a quarter of it. It
/// has the same interface as MicroTile.
template <class Format>
class MmaTile {
 public:
  static constexpr unsigned rows = 64;
  static constexpr unsigned columns = 64;
  static constexpr unsigned threads = 128;
  static constexpr unsigned depth = 16;
  /// The lanes of a warp read four depths of eight neighbours, which must be eight banks apart.
  static constexpr unsigned padding = 8;

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (unsigned i = 0; i < row_parts; ++i) {
#pragma unroll
      for (unsigned j = 0; j < column_parts; ++j) {
#pragma unroll
        for (unsigned e = 0; e < 4; ++e) sums_[i][j][e] = 0;
      }
    }
  }

  __device__ __forceinline__ void multiply(const float* a, unsigned a_stride, const float* b,
                                           unsigned b_stride) {
    const unsigned group = lane() / 4;
    const unsigned thread_in_group = lane() % 4;
#pragma unroll
    for (unsigned k = 0; k < depth; k += Format::depth) {
      std::uint32_t left[row_parts][4];
#pragma unroll
      for (unsigned i = 0; i < row_parts; ++i) {
        const float* from = a + k * a_stride + first_row() + i * 16 + group;
#pragma unroll
        for (unsigned e = 0; e < 4; ++e) {
          left[i][e] = Format::read(from + e % 2 * 8, a_stride, thread_in_group + e / 2 * 4);
        }
      }
#pragma unroll
      for (unsigned j = 0; j < column_parts; ++j) {
        const float* from = b + k * b_stride + first_column() + j * 8 + group;
        const std::uint32_t right[2] = {Format::read(from, b_stride, thread_in_group),
                                        Format::read(from, b_stride, thread_in_group + 4)};
#pragma unroll
        for (unsigned i = 0; i < row_parts; ++i) Format::multiply(sums_[i][j], left[i], right);
      }
    }
  }

  /// Calls body(row, column, sum) with positions within the tile.
  template <class Body>
  __device__ __forceinline__ void for_each(const Body& body) const {
#pragma unroll
    for (unsigned i = 0; i < row_parts; ++i) {
#pragma unroll
      for (unsigned j = 0; j < column_parts; ++j) {
#pragma unroll
        for (unsigned e = 0; e < 4; ++e) {
          body(first_row() + i * 16 + e / 2 * 8 + lane() / 4,
               first_column() + j * 8 + lane() % 4 * 2 + e % 2, sums_[i][j][e]);
        }
      }
      keep_order();
    }
  }

 private:
  static constexpr unsigned warp_rows = rows / 2;
  static constexpr unsigned warp_columns = columns / 2;
  static constexpr unsigned row_parts = warp_rows / 16;
  static constexpr unsigned column_parts = warp_columns / 8;

  __device__ __forceinline__ static unsigned lane() { return threadIdx.x % warp_size; }
  __device__ __forceinline__ static unsigned first_row() {
    return threadIdx.x / warp_size / 2 * warp_rows;
  }
  __device__ __forceinline__ static unsigned first_column() {
    return threadIdx.x / warp_size % 2 * warp_columns;
  }

  float sums_[row_parts][column_parts][4];
};

}  // namespace gru::cuda
