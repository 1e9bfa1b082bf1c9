#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "vector_types.h"

/// One launch of a kernel, and how its blocks are given to OS threads.

namespace gru::emulator {

/// The order in which the threads of a block, and the blocks of a grid, get their turns.
enum class ThreadOrder : std::uint8_t { forward, reverse, shuffle };

/// SplitMix64's output function: from one number to a random one.
std::uint64_t mix(std::uint64_t x);

struct Grid {
  const void* kernel = nullptr;  ///< its address
  std::function<void()> body;    ///< one thread of it
  dim3 grid_size;
  dim3 block_size;
  std::size_t shared_bytes = 0;  ///< dynamic
  std::size_t shared_limit = 0;  ///< of a block in all
  bool cooperative = false;
  ThreadOrder order = ThreadOrder::forward;
  std::uint64_t seed = 0;    ///< of the process
  std::uint64_t launch = 0;  ///< the how manyeth

  unsigned threads() const { return block_size.x * block_size.y * block_size.z; }
  std::size_t blocks() const {
    return static_cast<std::size_t>(grid_size.x) * grid_size.y * grid_size.z;
  }
  std::string name() const;
  /// The seed of the order of one block's threads; the order of the blocks has one more.
  std::uint64_t shuffle(std::size_t block) const;
};

/// Finds out that no block of a grid goes on: all OS threads that still have blocks to run spin,
/// and nothing has happened for long.
class Progress {
 public:
  explicit Progress(unsigned workers) : workers_(workers) {}

  void end_worker() {
    workers_ -= 1;
    note();
  }
  void note() { events_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t events() const { return events_.load(std::memory_order_relaxed); }
  /// A block has waited for long since `events`; `said` is what it keeps from call to call. Returns
  /// whether all blocks have, several times over.
  bool stuck(std::uint64_t events, std::uint64_t& said);

 private:
  std::atomic<std::uint64_t> events_{0};
  std::atomic<unsigned> workers_;
  std::mutex mutex_;
  std::uint64_t since_ = 0;
  std::uint64_t round_ = 1;
  unsigned said_ = 0;    // how many OS threads said so in this round
  unsigned rounds_ = 0;  // in which all did
};

/// Runs all blocks and returns when they have ended. In a cooperative grid all are alive at once.
void run_grid(const Grid& grid);

}  // namespace gru::emulator
