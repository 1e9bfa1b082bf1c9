#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace gru::cpu {

class Pool;

/// How often a team of threads was held up, and for how long.
struct Stalls {
  unsigned count = 0;
  std::chrono::steady_clock::duration length{};

  /// Whether stalls took a large part of the time `passed`.
  bool cost_much(std::chrono::steady_clock::duration passed) const { return length > passed / 4; }
  /// Whether stalls came repeatedly and took a large part of `window`, or of `passed` if that is
  /// longer. Two short stalls at the start of a region therefore do not count.
  bool came_again(std::chrono::steady_clock::duration passed,
                  std::chrono::steady_clock::duration window) const {
    return count > 1 && cost_much(std::max(passed, window));
  }
};

/// The threads that run one parallel region together.
class Team {
 public:
  explicit Team(unsigned size);

  unsigned size() const { return size_; }
  /// Returns when all threads of the team have called it. Waits actively for a short time, then
  /// sleeps.
  void barrier();
  /// Whether other processes use the cores, so that one thread would be faster than the team. It is
  /// true once stalls came repeatedly and took a large part of the last `stall_window`; in a stall
  /// a thread waits longer for the others than it worked. Only member 0 may call it.
  bool contended();

 private:
  friend class Pool;
  void add_stall(std::chrono::steady_clock::duration waited);
  /// How often and for how long a late thread held up the others since the window began.
  Stalls stalls() const;

  unsigned size_;
  bool contended_ = false;
  std::chrono::steady_clock::time_point window_began_;
  std::atomic<unsigned> stall_count_{0};                           ///< of all members together
  std::atomic<std::chrono::steady_clock::rep> stall_duration_{0};  ///< of all members together
  std::atomic<unsigned> arrived_{0};
  std::atomic<std::uint32_t> generation_{0};
};

/// Part `index` of `parts` of 0..count, divided at multiples of `grain`.
struct Range {
  std::size_t begin;
  std::size_t end;
};
Range share_of(std::size_t count, unsigned index, unsigned parts, std::size_t grain = 1);

namespace detail {
void run_parallel(unsigned wanted, void (*body)(const void*, unsigned, Team&), const void* context);
}

/// Runs body(index, team) on up to `wanted` threads of the process's pool, including the caller's,
/// and returns when all are done. The team may be smaller: threads that compute at the same time
/// share the pool (ComputingThread); by default no more cores are used than are idle; and for some
/// time after a team was contended the caller computes alone. Bodies must not throw.
template <class Body>
void parallel(unsigned wanted, const Body& body) {
  detail::run_parallel(
      wanted,
      [](const void* context, unsigned index, Team& team) {
        (*static_cast<const Body*>(context))(index, team);
      },
      &body);
}

/// While the object lives, the calling thread treats denormals as zero: each operation on one would
/// cost about a hundred cycles.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  std::uint64_t saved_;
};

}  // namespace gru::cpu
