#pragma once

#include <atomic>
#include <cstddef>

#include "base/rows.h"
#include "cpu/threads/threads.h"
#include "device/device.h"

namespace gru::cpu {

/// Some neighbouring rows of a step, and where the state before them lies.
struct StateRows {
  std::size_t first;  ///< within the step
  std::size_t count;
  const float* state;  ///< of row `first`
  std::size_t stride;
};

/// The order in which one direction walks the rows, and where each step finds the state before it.
class Recurrence {
 public:
  /// `initial_state` [batch, hidden]; `output` rows lie `stride` apart.
  Recurrence(const RowMap& map, bool reverse, const float* initial_state, const float* output,
             std::size_t stride, std::size_t hidden)
      : map_(map),
        reverse_(reverse),
        initial_(initial_state),
        output_(output),
        stride_(stride),
        hidden_(hidden) {}

  std::size_t steps() const { return map_.steps(); }
  /// The step in time that is processed s-th.
  std::size_t time(std::size_t s) const { return reverse_ ? map_.steps() - 1 - s : s; }
  std::size_t first_row(std::size_t s) const { return map_.first(time(s)); }
  std::size_t active(std::size_t s) const { return map_.active(time(s)); }

  /// Calls body(StateRows) for the rows of processed step s within `rows`: once, or twice where
  /// some of its sequences begin with it (the reverse direction of a ragged batch).
  template <class Body>
  void for_each_state(std::size_t s, Range rows, const Body& body) const {
    const std::size_t end = rows.end < active(s) ? rows.end : active(s);
    const std::size_t old = s == 0 ? 0 : active(s - 1);
    const std::size_t running = end < old ? end : old;
    if (rows.begin < running) {
      const float* before = output_ + (first_row(s - 1) + rows.begin) * stride_;
      body(StateRows{rows.begin, running - rows.begin, before, stride_});
    }
    const std::size_t fresh = rows.begin > running ? rows.begin : running;
    if (fresh < end) body(StateRows{fresh, end - fresh, initial_ + fresh * hidden_, hidden_});
  }

 private:
  const RowMap& map_;
  bool reverse_;
  const float* initial_;
  const float* output_;
  std::size_t stride_;
  std::size_t hidden_;
};

/// How a team divides the steps: by hidden units, with barriers within each step, or by sequences,
/// without any. Either gives the same bits.
struct Division {
  unsigned threads = 1;
  bool by_sequences = false;
};
/// Chooses by the work of a step and the number of sequences.
Division divide(const RowMap& map, const RecurrentShape& shape, double operations);

/// Something that thread 0 decides and all of a team act on at the same step: it asks before a
/// barrier, naming the step, and all look after the barrier. A thread that looks late still sees
/// that a later step was meant.
class Agreement {
 public:
  void ask(std::size_t step) { from_.store(step, std::memory_order_relaxed); }
  bool holds(std::size_t step) const { return from_.load(std::memory_order_relaxed) <= step; }

 private:
  std::atomic<std::size_t> from_{~std::size_t{0}};
};

inline bool is_aborted(const AbortFlag* abort) {
  return abort != nullptr && abort->load(std::memory_order_relaxed);
}

/// This thread's sequences: equal numbers of valid steps, cut at full tiles.
Range share_sequences(const RowMap& map, unsigned index, unsigned parts);

}  // namespace gru::cpu
