#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "site.h"
#include "vector_types.h"

/// What a CUDA thread asks of the block that runs it. Only kernels may call these functions; the
/// CUDA names for them are in device_functions.h.

namespace gru::emulator {

/// Position of the running thread, written at each switch of fibers. A block keeps to one OS
/// thread.
struct Position {
  uint3 thread;
  uint3 block;
  dim3 block_size;
  dim3 grid_size;
};
extern constinit thread_local Position position;

/// Waits for all threads of the block. Returns for how many of them `predicate` is true.
int sync_threads(bool predicate, Site site);

/// Why the lanes of a warp meet; all of them must name the same reason.
enum class WarpReason : std::uint8_t { sync, shuffle, vote };

struct WarpResult {
  std::uint64_t value = 0;  ///< what lane `source` brought; all ones if it has ended
  unsigned ballot = 0;      ///< the lanes that brought something other than zero
};

/// Waits for all lanes in `mask` that have not ended.
WarpResult meet_warp(WarpReason reason, unsigned mask, std::uint64_t value, unsigned source,
                     Site site);

unsigned lane();

/// Lets other threads run: to be called in each turn of a loop that waits for a value in memory.
void spin();

/// Says that memory has changed in a way for which another thread may spin.
void note_store();

/// The block's dynamic shared memory, exactly as large as the launch asked for.
void* dynamic_shared_memory();

/// Shared memory of fixed size, `site` says which: the same for all threads of a block.
void* static_shared_memory(const void* site, std::size_t bytes, std::size_t alignment);

/// An acquire load that a loop may spin on, and a release store that ends such a loop.
template <class T>
T load_acquire(const T* from) {
  spin();
  return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}
template <class T>
void store_release(T* to, T value) {
  __atomic_store_n(to, value, __ATOMIC_RELEASE);
  note_store();
}

}  // namespace gru::emulator
