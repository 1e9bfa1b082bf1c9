#pragma once

#include <atomic>
#include <cstddef>

namespace gru::cpu {

/// Bytes in use. Threads count them together.
using HeldBytes = std::atomic<std::size_t>;

/// Replaces the bytes that someone counted before: `counted`.
inline void recount(HeldBytes& held, std::size_t& counted, std::size_t bytes) {
  if (bytes == counted) return;
  held.fetch_add(bytes - counted, std::memory_order_relaxed);
  counted = bytes;
}

}  // namespace gru::cpu
