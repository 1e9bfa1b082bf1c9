#pragma once

#include <cuda_runtime.h>

#include "cuda/platform.h"

/// Shared by the resident kernels: the mapping of a block to sequences and units, and products of
/// vectors in shared memory with the block's matrix.
namespace gru::cuda {

__host__ __device__ constexpr unsigned round_up(unsigned count, unsigned unit) {
  return (count + unit - 1) / unit * unit;
}

/// The position of a thread: x is a unit, y a group of `rows` neighbouring sequences.
template <unsigned rows>
struct ResidentThread {
  unsigned unit;
  unsigned first_local;  ///< sequence within the block
  unsigned block_first;  ///< sequence
  unsigned first;        ///< sequence
  unsigned index;        ///< within the block
  unsigned threads;

  __device__ ResidentThread()
      : unit(threadIdx.x),
        first_local(threadIdx.y * rows),
        block_first(blockIdx.x * blockDim.y * rows),
        first(block_first + first_local),
        index(threadIdx.y * blockDim.x + threadIdx.x),
        threads(blockDim.x * blockDim.y) {}
};

/// sums[i][c] += the sum over k of vectors[i][k] * matrix[k][c * column_step]. Vectors are aligned
/// to 16 bytes, and `depth` is a multiple of 4.
template <unsigned rows, unsigned columns>
__device__ __forceinline__ void multiply_vectors(float (&sums)[rows][columns], const float* vectors,
                                                 unsigned vector_stride, const float* matrix,
                                                 unsigned matrix_stride, unsigned column_step,
                                                 unsigned depth) {
  for (unsigned k = 0; k < depth; k += 4) {
    float4 quads[rows];
#pragma unroll
    for (unsigned i = 0; i < rows; ++i) quads[i] = load4(vectors + i * vector_stride + k);
    const auto add = [&](unsigned offset, float float4::*component) {
      const float* row = matrix + (k + offset) * matrix_stride;
#pragma unroll
      for (unsigned c = 0; c < columns; ++c) {
        const float weight = row[c * column_step];
#pragma unroll
        for (unsigned i = 0; i < rows; ++i) {
          sums[i][c] = multiply_add(quads[i].*component, weight, sums[i][c]);
        }
      }
    };
    add(0, &float4::x);
    add(1, &float4::y);
    add(2, &float4::z);
    add(3, &float4::w);
  }
}

/// Sets `count` floats to zero, with all threads of the block.
__device__ __forceinline__ void clear_shared(float* to, unsigned count, unsigned index,
                                             unsigned threads) {
  for (unsigned i = index; i < count; i += threads) to[i] = 0;
}

}  // namespace gru::cuda
