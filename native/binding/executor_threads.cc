#include <algorithm>
#include <exception>
#include <thread>

#include "binding/executor.h"

/// What runs the executor's jobs: threads of its own.

namespace gru::binding {

std::size_t Executor::most_workers() {
  constexpr std::size_t least = 8;
  return std::max<std::size_t>(least, std::thread::hardware_concurrency());
}

void Executor::wake_if_needed() {
  if (next_queue() == queues_.end()) return;
  if (idle_workers_ > 0) return work_.notify_one();
  if (workers_ == most_workers_) return;
  try {
    std::thread([this] { serve(); }).detach();
    ++workers_;
  } catch (const std::exception&) {
    // With fewer threads the same work is done, only later.
    if (workers_ == 0) throw;
  }
}

void Executor::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_workers_;
    Queues::iterator queue;
    work_.wait(lock, [&] { return (queue = next_queue()) != queues_.end(); });
    --idle_workers_;
    Job& job = take_first(queue);
    wake_if_needed();
    run(job, lock);
  }
}

}  // namespace gru::binding
