#pragma once

#include <atomic>
#include <cstddef>

#include "base/rows.h"
#include "cpu/threads/threads.h"
#include "device/device.h"

namespace gru::cpu {

/// Some contiguous rows of a step, and where the state before them is.
struct StateRows {
  std::size_t first;  ///< within the step
  std::size_t count;
  const float* state;  ///< of row `first`
  std::size_t stride;
};

/// The order in which one direction processes the rows, and where each step finds the state before
/// it.
class Recurrence {
 public:
  /// `initial_state` is [batch, hidden]; rows of `output` are `stride` apart.
  Recurrence(const RowMap& map, bool reverse, const float* initial_state, const float* output,
             std::size_t stride, std::size_t hidden)
      : map_(map),
        reverse_(reverse),
        initial_(initial_state),
        output_(output),
        stride_(stride),
        hidden_(hidden) {}

  std::size_t steps() const { return map_.steps(); }
  /// The step in time that is processed as the s-th.
  std::size_t time(std::size_t s) const { return reverse_ ? map_.steps() - 1 - s : s; }
  std::size_t first_row(std::size_t s) const { return map_.first(time(s)); }
  std::size_t batch_size(std::size_t s) const { return map_.batch_size(time(s)); }

  /// Calls body(StateRows) for the rows within `rows` of the step that is processed as the s-th.
  /// Calls it once, or twice if some sequences begin at this step (in the reverse direction of a
  /// ragged batch).
  template <class Body>
  void for_each_state(std::size_t s, Range rows, const Body& body) const {
    const std::size_t end = rows.end < batch_size(s) ? rows.end : batch_size(s);
    const std::size_t old = s == 0 ? 0 : batch_size(s - 1);
    const std::size_t continuing = end < old ? end : old;
    if (rows.begin < continuing) {
      const float* before = output_ + (first_row(s - 1) + rows.begin) * stride_;
      body(StateRows{rows.begin, continuing - rows.begin, before, stride_});
    }
    const std::size_t starting = rows.begin > continuing ? rows.begin : continuing;
    if (starting < end)
      body(StateRows{starting, end - starting, initial_ + starting * hidden_, hidden_});
  }

 private:
  const RowMap& map_;
  bool reverse_;
  const float* initial_;
  const float* output_;
  std::size_t stride_;
  std::size_t hidden_;
};

/// How a team divides the work: by hidden units, with barriers within each step, or by sequences,
/// without barriers. Both give the same bits.
struct Division {
  unsigned threads = 1;
  bool by_sequences = false;
};
/// Chooses by the work of a step and the number of sequences.
Division divide(const RowMap& map, const RecurrentShape& shape, double operations);

/// A decision of thread 0 on which all threads of a team act at the same step. Thread 0 asks before
/// a barrier and names the step; all threads look after the barrier. A thread that looks late may
/// see a request for a later step and does not act on it.
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

/// This thread's sequences. Threads get equal numbers of valid steps, divided at full tiles.
Range share_sequences(const RowMap& map, unsigned index, unsigned parts);

}  // namespace gru::cpu
