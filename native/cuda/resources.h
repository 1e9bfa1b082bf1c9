#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <utility>

#include "cuda/check.h"

/// Owners of what the CUDA runtime hands out beside device memory. Each is empty until `create`,
/// and frees what it has on whatever device is current: handles know their own.

namespace gru::cuda {

/// `Handle` with `Free` called at its end. Errors of freeing are not reported: they are those of
/// earlier, asynchronous work, which the next call reports as well.
template <class Handle, cudaError_t (*Free)(Handle)>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owned() {
    if (handle_ != nullptr && Free(handle_) != cudaSuccess) static_cast<void>(cudaGetLastError());
  }

  Handle get() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  Handle handle_ = nullptr;
};

inline cudaError_t free_pinned_memory(void* memory) { return cudaFreeHost(memory); }
/// Waits, since only then a pool lets go of what was given back to it in the stream's order.
inline cudaError_t free_stream(cudaStream_t stream) {
  if (cudaStreamSynchronize(stream) != cudaSuccess) static_cast<void>(cudaGetLastError());
  return cudaStreamDestroy(stream);
}
inline cudaError_t free_event(cudaEvent_t event) { return cudaEventDestroy(event); }

using PinnedMemory = Owned<void*, free_pinned_memory>;
using Stream = Owned<cudaStream_t, free_stream>;
using Event = Owned<cudaEvent_t, free_event>;

inline Status create(Stream& stream, int ordinal) {
  cudaStream_t made = nullptr;
  GRU_RETURN_IF_CUDA_ERROR(ordinal, cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking));
  stream = Stream(made);
  return {};
}

/// An event to wait for; it takes no times.
inline Status create(Event& event, int ordinal) {
  cudaEvent_t made = nullptr;
  GRU_RETURN_IF_CUDA_ERROR(ordinal, cudaEventCreateWithFlags(&made, cudaEventDisableTiming));
  event = Event(made);
  return {};
}

inline Status create(PinnedMemory& memory, std::size_t bytes, int ordinal) {
  void* made = nullptr;
  GRU_RETURN_IF_CUDA_ERROR(ordinal, cudaHostAlloc(&made, bytes, cudaHostAllocDefault));
  memory = PinnedMemory(made);
  return {};
}

}  // namespace gru::cuda
