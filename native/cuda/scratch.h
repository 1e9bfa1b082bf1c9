#pragma once

#include <cstddef>

#include "base/size.h"
#include "cuda/device_memory.h"
#include "device/device.h"

namespace gru::cuda {

/// Device memory that grows on demand and does not shrink: repeated work allocates nothing. Queued
/// work may still use the memory from before a growth.
template <class T>
class Scratch {
 public:
  /// Makes room for `count` elements, whose values are undefined.
  Status reserve(CheckedSize count, const Queue& queue) {
    const auto bytes = (count * sizeof(T)).bytes();
    if (!bytes)
      return Status::memory(std::string("scratch of more than ") + max_bytes_name +
                            " bytes is needed");
    if (*bytes <= bytes_) return {};
    memory_ = DeviceMemory();
    bytes_ = 0;
    GRU_RETURN_IF_ERROR(create(memory_, *bytes, queue));
    bytes_ = *bytes;
    return {};
  }

  T* data() const { return static_cast<T*>(memory_.get()); }

 private:
  DeviceMemory memory_;
  std::size_t bytes_ = 0;
};

}  // namespace gru::cuda
