#pragma once

#include <cuda_runtime.h>

#include <cstddef>

#include "cuda/kernels/matrix.h"
#include "cuda/kernels/reduce.h"
#include "cuda/launch.h"

/// Rows of logits. Each warp has one row.
namespace gru::cuda {

/// The rows of a block. Each warp has one row.
inline constexpr unsigned loss_warps = 4;

inline LaunchShape loss_rows_shape(std::size_t rows) {
  LaunchShape shape;
  shape.block = dim3(warp_size, loss_warps);
  shape.grid = dim3(to_unsigned(parts_of(rows, loss_warps)));
  return shape;
}

__device__ __forceinline__ std::size_t loss_row() {
  return std::size_t{blockIdx.x} * blockDim.y + threadIdx.y;
}

/// The largest logit of a row and the sum of exp(logit - largest), in each lane.
struct SoftmaxSums {
  float maximum;
  float total;

  __device__ double log_sum_exp() const {
    return static_cast<double>(maximum) + log(static_cast<double>(total));
  }
};

__device__ __forceinline__ SoftmaxSums softmax_sums(const Matrix<const float>& logits,
                                                    std::size_t row) {
  const unsigned lane = threadIdx.x;
  float maximum = logits.at(row, 0);
  for (std::size_t j = lane; j < logits.columns; j += warp_size) {
    maximum = fmaxf(maximum, logits.at(row, j));
  }
  maximum = warp_maximum(maximum);
  float total = 0;
  for (std::size_t j = lane; j < logits.columns; j += warp_size) {
    total += expf(logits.at(row, j) - maximum);
  }
  return {maximum, warp_sum(total)};
}

}  // namespace gru::cuda
