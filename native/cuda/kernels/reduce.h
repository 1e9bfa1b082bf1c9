#pragma once

#include <cuda_runtime.h>

#include <cstddef>

#include "cuda/platform.h"

/// Reductions in a fixed order.
namespace gru::cuda {

/// The number of threads of a block that sums.
inline constexpr unsigned reduce_threads = 256;

/// The sum of all threads' values, returned in each thread of a block of reduce_threads. A kernel
/// may call it only once: a second sum would overwrite the first while threads still read it.
__device__ __forceinline__ double block_sum(double value) {
  GRU_SHARED_ARRAY(double, values, reduce_threads);
  values[threadIdx.x] = value;
  __syncthreads();
  for (unsigned half = reduce_threads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) values[threadIdx.x] += values[threadIdx.x + half];
    __syncthreads();
  }
  return values[0];
}

/// The sum of body(i) over this thread's part of begin..end, in a block of reduce_threads.
template <class Body>
__device__ __forceinline__ double thread_sum_of(std::size_t begin, std::size_t end,
                                                const Body& body) {
  double sum = 0;
  for (std::size_t i = begin + threadIdx.x; i < end; i += reduce_threads) sum += body(i);
  return sum;
}

/// The same over all i, returned in every thread.
template <class Body>
__device__ __forceinline__ double block_sum_of(std::size_t begin, std::size_t end,
                                               const Body& body) {
  return block_sum(thread_sum_of(begin, end, body));
}

/// The sum of the values of a warp's lanes, returned in each of them; for floats or doubles.
template <class T>
__device__ __forceinline__ T warp_sum(T value) {
  for (int step = warp_size / 2; step > 0; step /= 2) {
    value += __shfl_xor_sync(whole_warp, value, step);
  }
  return value;
}

/// The largest value; NaN is ignored.
__device__ __forceinline__ float warp_maximum(float value) {
  for (int step = warp_size / 2; step > 0; step /= 2) {
    value = fmaxf(value, __shfl_xor_sync(whole_warp, value, step));
  }
  return value;
}

}  // namespace gru::cuda
