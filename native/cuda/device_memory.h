#pragma once

#include <cstddef>
#include <utility>

#include "cuda/check.h"
#include "cuda/queue.h"

namespace gru::cuda {

/// Memory of a device for the work of one queue, whose stream must outlive it. It is empty until
/// `create`.
///
/// It is freed in the queue's order: work that is still queued may use it, and nothing waits. If
/// the device has no memory pools, freeing waits for all work that is queued on the device, also
/// for that of other models.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  /// Takes over memory that `create` allocated and `release` returned.
  DeviceMemory(void* memory, std::size_t bytes, const Queue& queue)
      : memory_(memory), bytes_(bytes), queue_(queue) {}
  DeviceMemory(DeviceMemory&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)),
        bytes_(other.bytes_),
        queue_(other.queue_) {}
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
    std::swap(queue_, other.queue_);
    return *this;
  }
  ~DeviceMemory() {
    if (memory_ == nullptr) return;
    if (queue_.held != nullptr) *queue_.held -= bytes_;
    // An error here belongs to earlier work, and the next call reports it as well.
    const cudaError_t error =
        queue_.memory_pools ? cudaFreeAsync(memory_, queue_.stream) : cudaFree(memory_);
    if (error != cudaSuccess) static_cast<void>(cudaGetLastError());
  }

  void* get() const { return memory_; }
  void* release() { return std::exchange(memory_, nullptr); }

 private:
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
  Queue queue_;
};

inline Status create(DeviceMemory& memory, std::size_t bytes, const Queue& queue) {
  void* made = nullptr;
  if (queue.memory_pools) {
    GRU_RETURN_IF_CUDA_ERROR(queue.ordinal, cudaMallocAsync(&made, bytes, queue.stream));
  } else {
    GRU_RETURN_IF_CUDA_ERROR(queue.ordinal, cudaMalloc(&made, bytes));
  }
  if (queue.held != nullptr) *queue.held += bytes;
  memory = DeviceMemory(made, bytes, queue);
  return {};
}

}  // namespace gru::cuda
