#pragma once

#include <cuda_runtime.h>

namespace gru::cuda {

/// A model's order of work on its device.
struct Queue {
  cudaStream_t stream = nullptr;
  int ordinal = 0;
  /// Whether memory is had and given back in the stream's order.
  bool memory_pools = false;
};

}  // namespace gru::cuda
