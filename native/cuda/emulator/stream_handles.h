#pragma once

#include "call.h"

/// Handles of streams, and the order between a device's default stream and its blocking ones.

namespace gru::emulator {

/// The stream of a handle, or null if no such stream is alive.
std::shared_ptr<Stream> stream_of(cudaStream_t handle, Device& current);

/// Queues work after all work that CUDA guarantees to be done before it.
std::uint64_t enqueue_work(Stream& stream, std::function<void()> work);

template <class Body>
cudaError_t call_stream(const char* function, cudaStream_t handle, Body body) {
  return call_device(function, [&](Device& device) -> cudaError_t {
    const std::shared_ptr<Stream> stream = stream_of(handle, device);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    const cudaError_t lost = stream->device().lost();
    return lost != cudaSuccess ? lost : body(*stream);
  });
}

}  // namespace gru::emulator
