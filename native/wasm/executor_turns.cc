#include "binding/executor.h"

/// What runs the executor's jobs where there are no threads: turns of the event loop. Between two
/// jobs other work of the loop has its turn, so that a job that has not begun can be aborted.

extern "C" {
/// Calls `turn` in a later turn of the event loop.
__attribute__((import_module("gru"), import_name("requestTurn"))) void gru_request_turn(
    void (*turn)());
}

namespace gru::binding {

std::size_t Executor::most_workers() { return 1; }

void Executor::wake_if_needed() {
  if (workers_ == most_workers_ || next_queue() == queues_.end()) return;
  ++workers_;
  gru_request_turn([] { instance().serve(); });
}

void Executor::serve() {
  std::unique_lock lock(mutex_);
  --workers_;
  const Queues::iterator queue = next_queue();
  if (queue == queues_.end()) return;
  run(take_first(queue), lock);
  wake_if_needed();
}

}  // namespace gru::binding
