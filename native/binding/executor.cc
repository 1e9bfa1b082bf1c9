#include "binding/executor.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <system_error>

namespace gru::binding {

JobAccess JobAccess::shared(std::vector<const void*> parts) {
  JobAccess access;
  access.is_exclusive_ = false;
  access.parts_ = std::move(parts);
  std::ranges::sort(access.parts_);
  return access;
}

bool JobAccess::allows(const JobAccess& other) const {
  if (is_exclusive_ || other.is_exclusive_) return false;
  auto mine = parts_.begin();
  auto theirs = other.parts_.begin();
  while (mine != parts_.end() && theirs != other.parts_.end()) {
    if (*mine == *theirs) return false;
    *mine < *theirs ? ++mine : ++theirs;
  }
  return true;
}

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
  const std::lock_guard destroying(destroying_mutex_);
  std::vector<std::shared_ptr<void>> released;
  {
    const std::lock_guard lock(released_mutex_);
    released.swap(released_);
  }
  for (std::shared_ptr<void>& object : released) object.reset();
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
    return {};
  });
}

void Executor::enqueue(Job& job) {
  JobQueue& queue = job.queue();
  Queues entry;
  if (!queue.is_listed_) entry.push_back(job.queue_);
  queue.waiting_.push_back(&job);
  queues_.splice(queues_.end(), entry);
  try {
    wake_if_needed();
  } catch (...) {
    queue.waiting_.pop_back();
    if (!queue.is_listed_) queues_.pop_back();
    throw;
  }
  queue.is_listed_ = true;
}

bool Executor::may_begin(const JobQueue& queue) const {
  const Job& job = *queue.waiting_.front();
  std::size_t running = 0;
  for (const Job* const other : running_) {
    if (other->queue_.get() != &queue) continue;
    if (!other->access_.allows(job.access_)) return false;
    ++running;
  }
  return running == 0 || running < queue.limit_();
}

Executor::Queues::iterator Executor::next_queue() {
  if (stopping_) return queues_.end();
  return std::ranges::find_if(queues_, [this](const auto& queue) { return may_begin(*queue); });
}

Job& Executor::take_first(Queues::iterator queue) {
  JobQueue& of = **queue;
  Job& job = *of.waiting_.front();
  of.waiting_.pop_front();
  running_.push_back(&job);
  if (of.waiting_.empty()) {
    of.is_listed_ = false;
    queues_.erase(queue);  // the job keeps its queue
  } else {
    queues_.splice(queues_.end(), queues_, queue);
  }
  return job;
}

void Executor::run(Job& job, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  job.run();
  job.queue().destroy_released();
  lock.lock();
  std::erase(running_, &job);
  finished_.notify_all();
  // After this the job may be destroyed. At the end of the process its owner does not exist any
  // more.
  if (!stopping_) job.done();
}

bool Executor::withdraw(Job& job) {
  const std::lock_guard lock(mutex_);
  return remove_waiting(job);
}

bool Executor::remove_waiting(Job& job) {
  JobQueue& queue = job.queue();
  if (std::erase(queue.waiting_, &job) == 0) return false;
  if (queue.waiting_.empty()) {
    queue.is_listed_ = false;
    std::erase(queues_, job.queue_);
  }
  // Perhaps the job kept those behind it from beginning.
  wake_if_needed();
  return true;
}

void Executor::cancel(std::span<Job* const> jobs) {
  std::unique_lock lock(mutex_);
  for (Job* const job : jobs) {
    job->abort_->store(true);
    remove_waiting(*job);
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
