#include "binding/executor.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <system_error>
#include <thread>

namespace gru::binding {

void JobQueue::end() {
  if (--pending_ == 0) destroy_released();
  if (observer_) observer_();
}

void JobQueue::release(std::shared_ptr<void> object) {
  if (is_idle()) {
    object.reset();
    if (observer_) observer_();
    return;
  }
  const std::lock_guard lock(released_mutex_);
  released_.push_back(std::move(object));
}

void JobQueue::destroy_released() {
  std::vector<std::shared_ptr<void>> released;
  const std::lock_guard lock(released_mutex_);
  released.swap(released_);
}

Executor& Executor::instance() {
  static Executor* const executor = [] {
    // process.exit on the main thread runs no cleanup hook of an environment, but it runs this
    // handler.
    stop_at_exit();
    return new Executor();
  }();
  return *executor;
}

void Executor::stop_at_exit() {
  std::atexit([] { instance().stop(); });
}

Status Executor::submit(Job& job) {
  return guarded([&]() -> Status {
    const std::lock_guard lock(mutex_);
    try {
      enqueue(job);
    } catch (const std::system_error& error) {
      return Status::memory(std::string("executor: expected a thread to start, got ") +
                            error.what());
    }
    work_.notify_one();
    return {};
  });
}

void Executor::enqueue(Job& job) {
  JobQueue& queue = job.queue();
  Queues entry;
  if (!queue.scheduled_) entry.push_back(job.queue_);
  queue.waiting_.push_back(&job);
  ready_.splice(ready_.end(), entry);
  try {
    start_thread_if_needed();
  } catch (...) {
    queue.waiting_.pop_back();
    if (!queue.scheduled_) ready_.pop_back();
    throw;
  }
  queue.scheduled_ = true;
}

void Executor::start_thread_if_needed() {
  if (idle_threads_ >= ready_.size() || threads_ == most_threads) return;
  try {
    std::thread([this] { serve(); }).detach();
    ++threads_;
  } catch (const std::system_error&) {
    // With fewer threads the same work is done, only later.
    if (threads_ == 0) throw;
  }
}

void Executor::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_threads_;
    work_.wait(lock, [this] { return !ready_.empty() && !stopping_; });
    --idle_threads_;
    run_next(lock);
  }
}

void Executor::run_next(std::unique_lock<std::mutex>& lock) {
  Queues turn;
  turn.splice(turn.end(), ready_, ready_.begin());
  JobQueue& queue = *turn.front();
  if (!queue.waiting_.empty()) {
    Job* const job = queue.waiting_.front();
    queue.waiting_.pop_front();
    running_.push_back(job);
    lock.unlock();
    job->run();
    queue.destroy_released();
    lock.lock();
    std::erase(running_, job);
    finished_.notify_all();
    // After this the job may be destroyed. At the end of the process its owner does not exist any
    // more.
    if (!stopping_) job->done();
  }
  queue.scheduled_ = !queue.waiting_.empty();
  if (queue.scheduled_) ready_.splice(ready_.end(), turn);
}

bool Executor::withdraw(Job& job) {
  const std::lock_guard lock(mutex_);
  return std::erase(job.queue().waiting_, &job) > 0;
}

void Executor::cancel(std::span<Job* const> jobs) {
  std::unique_lock lock(mutex_);
  for (Job* const job : jobs) {
    job->abort_->store(true);
    std::erase(job->queue().waiting_, job);
  }
  finished_.wait(lock, [this, jobs] {
    return std::find_first_of(running_.begin(), running_.end(), jobs.begin(), jobs.end()) ==
           running_.end();
  });
}

void Executor::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  for (Job* const job : running_) job->abort_->store(true);
  finished_.wait(lock, [this] { return running_.empty(); });
}

}  // namespace gru::binding
