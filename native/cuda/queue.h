#pragma once

#include <cuda_runtime.h>

#include <cstddef>

namespace gru::cuda {

/// A model's order of work on its device.
struct Queue {
  cudaStream_t stream = nullptr;
  int ordinal = 0;
  /// Whether memory is had and given back in the stream's order.
  bool memory_pools = false;
  /// Counts the bytes of the device's memory in use, where there is anybody to ask; outlives them.
  std::size_t* held = nullptr;
};

}  // namespace gru::cuda
