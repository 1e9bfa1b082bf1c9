#pragma once

#include <cstddef>

#include "cuda/launch.h"
#include "cuda/resources.h"
#include "device/device.h"

namespace gru::cuda {

/// Keeps the host at most two chunks of work ahead of the device, so that an abort takes effect
/// soon: launched work cannot be cancelled. Without an abort flag the host does not wait.
class Pacer {
 public:
  /// Call before each chunk. The status is `aborted` if the caller wants no more chunks.
  Status begin(const AbortFlag* abort, const Queue& queue);
  /// Call after the chunk's launches.
  Status end(const AbortFlag* abort, const Queue& queue);

 private:
  Event done_[2];
  std::size_t next_ = 0;
};

}  // namespace gru::cuda
