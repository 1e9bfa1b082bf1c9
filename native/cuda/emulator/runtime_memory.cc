#include <cstdlib>
#include <cstring>

#include "call.h"
#include "runtime_api.h"
#include "stream_handles.h"

namespace gru::emulator {
namespace {

/// `height` rows of `width` bytes.
struct Area {
  std::size_t width;
  std::size_t height;

  bool empty() const { return width == 0 || height == 0; }
  std::size_t extent(std::size_t pitch) const { return empty() ? 0 : pitch * (height - 1) + width; }
};

struct Copy {
  char* to;
  std::size_t to_pitch;
  const char* from;
  std::size_t from_pitch;
  Area area;

  void run() const {
    for (std::size_t row = 0; row < area.height; ++row) {
      std::memcpy(to + row * to_pitch, from + row * from_pitch, area.width);
    }
  }
};

bool pinned(const void* memory, std::size_t bytes) {
  const std::lock_guard lock(state().mutex());
  char* const at = static_cast<char*>(const_cast<void*>(memory));
  auto piece = state().host_memory.upper_bound(at);
  if (piece == state().host_memory.begin()) return false;
  --piece;
  const std::size_t offset = static_cast<std::size_t>(at - piece->first);
  return offset <= piece->second && bytes <= piece->second - offset;
}

enum class Place : std::uint8_t { device, pinned, pageable, wrong };

Place place_of(const void* memory, std::size_t bytes) {
  if (Device* const owner = state().owner(memory)) {
    return owner->memory().holds(memory, bytes) ? Place::device : Place::wrong;
  }
  return pinned(memory, bytes) ? Place::pinned : Place::pageable;
}

bool expected(Place to, Place from, cudaMemcpyKind kind) {
  const bool to_device = to == Place::device;
  const bool from_device = from == Place::device;
  if (to == Place::wrong || from == Place::wrong) return false;
  if (kind == cudaMemcpyDefault) return true;
  return to_device == (kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice) &&
         from_device == (kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice);
}

void count_copy(Place to, Place from) {
  const std::lock_guard lock(state().mutex());
  if (from != Place::device) state().totals.copies_to_device += 1;
  if (to != Place::device) state().totals.copies_to_host += 1;
  if (from == Place::pageable || to == Place::pageable) state().totals.pageable_copies += 1;
}

/// As with a GPU's driver, pageable memory is read or written before the call returns.
cudaError_t enqueue_copy(const Copy& copy, cudaMemcpyKind kind, Stream& stream) {
  if (copy.area.width > copy.to_pitch || copy.area.width > copy.from_pitch) {
    return cudaErrorInvalidValue;
  }
  if (copy.area.empty()) return cudaSuccess;
  const Place to = place_of(copy.to, copy.area.extent(copy.to_pitch));
  const Place from = place_of(copy.from, copy.area.extent(copy.from_pitch));
  if (!expected(to, from, kind)) return cudaErrorInvalidValue;
  count_copy(to, from);
  const std::uint64_t number = enqueue_work(stream, [copy] { copy.run(); });
  if (to == Place::pageable || from == Place::pageable) stream.run_until(number);
  return cudaSuccess;
}

cudaError_t enqueue_fill(char* to, std::size_t pitch, int value, Area area, Stream& stream) {
  if (area.empty()) return cudaSuccess;
  if (area.width > pitch || place_of(to, area.extent(pitch)) != Place::device) {
    return cudaErrorInvalidValue;
  }
  enqueue_work(stream, [=] {
    for (std::size_t row = 0; row < area.height; ++row) {
      std::memset(to + row * pitch, value, area.width);
    }
  });
  return cudaSuccess;
}

cudaError_t allocate(void** memory, std::size_t bytes, Device& device) {
  {
    const std::lock_guard lock(state().mutex());
    state().totals.mallocs += 1;
  }
  *memory = nullptr;
  if (bytes == 0) return cudaSuccess;
  *memory = device.memory().allocate(bytes);
  return *memory == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}

cudaError_t allocate_host(void** memory, std::size_t bytes) {
  *memory = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (posix_memalign(memory, 256, bytes) != 0) return cudaErrorMemoryAllocation;
  std::memset(*memory, 0xff, bytes);
  const std::lock_guard lock(state().mutex());
  state().host_memory.emplace(static_cast<char*>(*memory), bytes);
  return cudaSuccess;
}

}  // namespace
}  // namespace gru::emulator

using namespace gru::emulator;

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return call_device("cudaMemGetInfo", [=](Device& device) {
    *total = device.memory().capacity();
    *free = *total - device.memory().used();
    return cudaSuccess;
  });
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  return call_device("cudaMalloc", [=](Device& device) { return allocate(memory, bytes, device); });
}

cudaError_t cudaFree(void* memory) {
  return call_release("cudaFree", [=](Device&) {
    if (memory == nullptr) return cudaSuccess;
    Device* const owner = state().owner(memory);
    if (owner == nullptr) return cudaErrorInvalidValue;
    owner->run_all();
    return owner->memory().release(memory) ? cudaSuccess : cudaErrorInvalidValue;
  });
}

// Memory that the stream released before is available again. To find out which of it the allocation
// needs would be complicated, so all pending work runs. A GPU, too, may run it at any time.
cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t stream) {
  return call_stream("cudaMallocAsync", stream, [=](Stream& on) {
    if (!state().settings().properties.memory_pools) return cudaErrorNotSupported;
    if (on.has_releases()) on.run_all();
    return allocate(memory, bytes, on.device());
  });
}

cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  return call_release("cudaFreeAsync", [=](Device& current) {
    const std::shared_ptr<Stream> on = stream_of(stream, current);
    if (on == nullptr) return cudaErrorInvalidResourceHandle;
    DeviceMemory& owner = on->device().memory();
    if (!owner.give_back(memory)) return cudaErrorInvalidValue;
    on->enqueue_release([&owner, memory] { owner.release(memory); });
    return cudaSuccess;
  });
}

cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) {
  return call_device("cudaHostAlloc", [=](Device&) { return allocate_host(memory, bytes); });
}

cudaError_t cudaFreeHost(void* memory) {
  return call_release("cudaFreeHost", [=](Device& device) {
    if (memory == nullptr) return cudaSuccess;
    device.run_all();
    {
      const std::lock_guard lock(state().mutex());
      if (state().host_memory.erase(static_cast<char*>(memory)) == 0) return cudaErrorInvalidValue;
    }
    std::free(memory);
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return call_device("cudaMemcpy", [=](Device& device) {
    const Copy copy{
        static_cast<char*>(to), bytes, static_cast<const char*>(from), bytes, {bytes, 1}};
    const cudaError_t error = enqueue_copy(copy, kind, *device.default_stream());
    if (error == cudaSuccess) device.default_stream()->run_all();
    return error;
  });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return call_stream("cudaMemcpyAsync", stream, [=](Stream& on) {
    return enqueue_copy(
        {static_cast<char*>(to), bytes, static_cast<const char*>(from), bytes, {bytes, 1}}, kind,
        on);
  });
}

cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from,
                              std::size_t from_pitch, std::size_t width, std::size_t height,
                              cudaMemcpyKind kind, cudaStream_t stream) {
  return call_stream("cudaMemcpy2DAsync", stream, [=](Stream& on) {
    return enqueue_copy({static_cast<char*>(to),
                         to_pitch,
                         static_cast<const char*>(from),
                         from_pitch,
                         {width, height}},
                        kind, on);
  });
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  return call_stream("cudaMemsetAsync", stream, [=](Stream& on) {
    return enqueue_fill(static_cast<char*>(to), bytes, value, {bytes, 1}, on);
  });
}

cudaError_t cudaMemset2DAsync(void* to, std::size_t pitch, int value, std::size_t width,
                              std::size_t height, cudaStream_t stream) {
  return call_stream("cudaMemset2DAsync", stream, [=](Stream& on) {
    return enqueue_fill(static_cast<char*>(to), pitch, value, {width, height}, on);
  });
}
