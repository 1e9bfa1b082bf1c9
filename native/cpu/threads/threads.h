#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace gru::cpu {

class Pool;

/// Times that a team of threads was held up.
struct Stalls {
  unsigned count = 0;
  std::chrono::steady_clock::duration length{};

  /// Whether they took a good part of what passed.
  bool cost_much(std::chrono::steady_clock::duration passed) const { return length > passed / 4; }
  /// Whether they came again and took a good part of `window`, or of what passed where that is
  /// more: two short ones at a region's start mean nothing.
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
  /// Returns when all of the team have called it. Spins briefly, then sleeps.
  void barrier();
  /// True once stalls, in which a member waited longer for the others than it worked, came again
  /// and took a good part of the last while: other processes hold the cores, and the team had
  /// better be one thread. For member 0.
  bool contended();

 private:
  friend class Pool;
  void add_stall(std::chrono::steady_clock::duration waited);
  /// How often a straggler held the others up, and for how long, since the window began.
  Stalls stalls() const;

  unsigned size_;
  bool contended_ = false;
  std::chrono::steady_clock::time_point window_began_;
  std::atomic<unsigned> stall_count_{0};                           ///< of all members together
  std::atomic<std::chrono::steady_clock::rep> stall_duration_{0};  ///< of all members together
  std::atomic<unsigned> arrived_{0};
  std::atomic<std::uint32_t> generation_{0};
};

/// Part `index` of `parts` of 0..count, cut at multiples of `grain`.
struct Range {
  std::size_t begin;
  std::size_t end;
};
Range share_of(std::size_t count, unsigned index, unsigned parts, std::size_t grain = 1);

namespace detail {
void run_parallel(unsigned wanted, void (*body)(const void*, unsigned, Team&), const void* context);
}

/// Runs body(index, team) on up to `wanted` threads of the process's one pool, the caller's among
/// them, and returns when all are done. The team may be smaller than wanted: the caller computes
/// alone while another caller's region holds the pool, and for a while after a team was contended.
/// Bodies must not throw.
template <class Body>
void parallel(unsigned wanted, const Body& body) {
  detail::run_parallel(
      wanted,
      [](const void* context, unsigned index, Team& team) {
        (*static_cast<const Body*>(context))(index, team);
      },
      &body);
}

/// While it lives, the calling thread flushes denormals to zero: they would cost a hundred cycles
/// each.
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
