#pragma once

#include <cuda_runtime.h>

#include <cstddef>

#include "cuda/kernels/reduce.h"
#include "cuda/launch.h"

/// Sums over many elements. Each block sums a part of fixed size.
namespace gru::cuda {

/// The elements that one block sums.
inline constexpr std::size_t part_size = 8192;

/// One block of reduce_threads for each part.
inline LaunchShape parts_shape(std::size_t parts) {
  LaunchShape shape;
  shape.grid = dim3(to_unsigned(parts));
  shape.block = dim3(reduce_threads);
  return shape;
}

__device__ __forceinline__ std::size_t part_begin() { return std::size_t{blockIdx.x} * part_size; }
__device__ __forceinline__ std::size_t part_end(std::size_t count) {
  const std::size_t end = part_begin() + part_size;
  return end < count ? end : count;
}

}  // namespace gru::cuda
