#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>

#include "base/status.h"

/// What devices that compute on different threads for one model have in common.

namespace gru::cpu {

/// Bytes in use. Threads count them together.
using HeldBytes = std::atomic<std::size_t>;

/// Replaces the bytes that someone counted before: `counted`.
inline void recount(HeldBytes& held, std::size_t& counted, std::size_t bytes) {
  if (bytes == counted) return;
  held.fetch_add(bytes - counted, std::memory_order_relaxed);
  counted = bytes;
}

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
