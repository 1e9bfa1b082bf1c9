#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "vector_types.h"

/// One launch of a kernel, and the division of its blocks among OS threads.

namespace gru::emulator {

/// The order in which the threads of a block, and the blocks of a grid, run.
enum class ThreadOrder : std::uint8_t { forward, reverse, shuffle };

/// SplitMix64's output function: maps a number to a pseudo-random one.
std::uint64_t mix(std::uint64_t x);

struct Grid {
  const void* kernel = nullptr;  ///< its address
  std::function<void()> body;    ///< runs one thread of the kernel
  dim3 grid_size;
  dim3 block_size;
  std::size_t shared_bytes = 0;  ///< dynamic shared memory
  std::size_t shared_limit = 0;  ///< of all shared memory of a block
  bool cooperative = false;
  ThreadOrder order = ThreadOrder::forward;
  std::uint64_t seed = 0;    ///< of the process
  std::uint64_t launch = 0;  ///< number of this launch

  unsigned threads() const { return block_size.x * block_size.y * block_size.z; }
  std::size_t blocks() const {
    return static_cast<std::size_t>(grid_size.x) * grid_size.y * grid_size.z;
  }
  std::string name() const;
  /// The seed for the order of one block's threads. The order of the blocks uses the index one past
  /// the last.
  std::uint64_t shuffle(std::size_t block) const;
};

/// Detects that no block of a grid makes progress: all OS threads with blocks left to run spin, and
/// nothing else has happened for a long time.
class Progress {
 public:
  explicit Progress(unsigned workers) : workers_(workers) {}

  void end_worker() {
    workers_ -= 1;
    note();
  }
  void note() { events_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t events() const { return events_.load(std::memory_order_relaxed); }
  /// A block calls it after it has waited for a long time since `events`. `said` must keep its
  /// value from call to call. Returns true once all blocks have called it several times.
  bool stuck(std::uint64_t events, std::uint64_t& said);

 private:
  std::atomic<std::uint64_t> events_{0};
  std::atomic<unsigned> workers_;
  std::mutex mutex_;
  std::uint64_t since_ = 0;
  std::uint64_t round_ = 1;
  unsigned said_ = 0;    // OS threads that called stuck() in this round
  unsigned rounds_ = 0;  // completed rounds
};

/// Runs all blocks and returns when all have ended. In a cooperative grid all run at the same time.
void run_grid(const Grid& grid);

}  // namespace gru::emulator
