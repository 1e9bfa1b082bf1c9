#pragma once

#include <cstddef>

#include "cuda/launch.h"
#include "cuda/resources.h"
#include "device/device.h"

namespace gru::cuda {

/// Keeps the host at most two chunks of work ahead of the device, so that an abort is heeded soon:
/// what has been launched can't be taken back. Without an abort flag the host runs ahead freely.
class Pacer {
 public:
  /// Before each chunk; `aborted` where the caller wants no more of them.
  Status begin(const AbortFlag* abort, const Queue& queue);
  /// After the chunk's launches.
  Status end(const AbortFlag* abort, const Queue& queue);

 private:
  Event done_[2];
  std::size_t next_ = 0;
};

}  // namespace gru::cuda
