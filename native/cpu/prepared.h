#pragma once

#include <atomic>
#include <mutex>

#include "base/status.h"

namespace gru::cpu {

/// Something that is computed when a thread first needs it. Other threads that need it wait.
class Prepared {
 public:
  /// It is no longer valid. No thread may need it meanwhile.
  void invalidate() { ready_.store(false, std::memory_order_relaxed); }
  /// Calls prepare() unless that was done successfully.
  template <class Prepare>
  Status ensure(const Prepare& prepare) {
    if (ready_.load(std::memory_order_acquire)) return {};
    const std::lock_guard lock(mutex_);
    if (ready_.load(std::memory_order_relaxed)) return {};
    Status status = prepare();
    if (status.is_ok()) ready_.store(true, std::memory_order_release);
    return status;
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> ready_{false};
};

}  // namespace gru::cpu
