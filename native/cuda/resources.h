#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <utility>

#include "cuda/check.h"

/// Owners of the CUDA runtime's objects other than device memory. Each is empty until `create`. It
/// frees its object whatever device is current, since a handle knows its device.

namespace gru::cuda {

/// Owns a `Handle` and calls `Free` on it at the end. Errors of `Free` are ignored: they belong to
/// earlier, asynchronous work, and the next call reports them as well.
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
/// Waits for the stream: only then a pool reuses memory that was freed in the stream's order.
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

/// Makes an event to wait for. It does not measure time.
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
