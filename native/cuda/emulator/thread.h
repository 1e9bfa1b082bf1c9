#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "site.h"
#include "vector_types.h"

/// The functions that a CUDA thread calls on its block. Only kernels may call them.
/// device_functions.h has their names in CUDA.

namespace gru::emulator {

/// The position of the running thread. Each switch of fibers writes it. A block runs on one OS
/// thread.
struct Position {
  uint3 thread;
  uint3 block;
  dim3 block_size;
  dim3 grid_size;
};
extern constinit thread_local Position position;

/// Waits for all threads of the block. Returns the number of threads whose `predicate` is true.
int sync_threads(bool predicate, Site site);

/// Why the lanes of a warp wait for each other. All of them must give the same reason.
enum class WarpReason : std::uint8_t { sync, shuffle, vote };

struct WarpResult {
  std::uint64_t value = 0;  ///< the value of lane `source`; all ones if it has ended
  unsigned ballot = 0;      ///< the lanes whose value is not zero
};

/// Waits for all lanes in `mask` that have not ended.
WarpResult meet_warp(WarpReason reason, unsigned mask, std::uint64_t value, unsigned source,
                     Site site);

unsigned lane();

/// Lets other threads run. A loop that waits for a value in memory must call it in each iteration.
void spin();

/// Tells the emulator that memory has changed, for threads that spin.
void note_store();

/// The block's dynamic shared memory, exactly as large as the launch asked for.
void* dynamic_shared_memory();

/// Shared memory of fixed size, the same for all threads of a block. `site` identifies it.
void* static_shared_memory(const void* site, std::size_t bytes, std::size_t alignment);

/// An acquire load for a loop that spins, and a release store that ends such a loop.
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
