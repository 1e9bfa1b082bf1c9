#pragma once

#include <cuda_runtime.h>

#include <cstddef>

namespace gru::cuda {

/// The order in which a model's work runs on its device.
struct Queue {
  cudaStream_t stream = nullptr;
  int ordinal = 0;
  /// Whether memory is allocated and freed in the stream's order.
  bool memory_pools = false;
  /// The count of bytes of the device's memory in use, or null. It outlives the queue's memory.
  std::size_t* held = nullptr;
};

}  // namespace gru::cuda
