#pragma once

#include <cstddef>

#include "core/device.h"
#include "core/size.h"
#include "cuda/resources.h"

namespace gru::cuda {

/// Device memory that grows on demand and then stays: steady work allocates nothing. Work that is
/// still to be done may use what it had before, since freeing waits for the device.
template <class T>
class Scratch {
 public:
  /// Room for `count` elements, whose values are undefined.
  Status reserve(CheckedSize count, int ordinal) {
    const auto bytes = (count * sizeof(T)).elements();
    if (!bytes) return Status::memory("scratch of more than 2^48 bytes is needed");
    if (*bytes <= bytes_) return {};
    memory_ = DeviceMemory();
    bytes_ = 0;
    GRU_RETURN_IF_ERROR(create(memory_, *bytes, ordinal));
    bytes_ = *bytes;
    return {};
  }

  T* data() const { return static_cast<T*>(memory_.get()); }

 private:
  DeviceMemory memory_;
  std::size_t bytes_ = 0;
};

}  // namespace gru::cuda
