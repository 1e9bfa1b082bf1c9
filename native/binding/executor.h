#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/status.h"
#include "device/device.h"

/// The engine's own threads, on which the jobs of promise calls run. Knows nothing of Node.

namespace gru::binding {

class JobQueue;

/// Work for the executor. Its owner keeps it until `done` was called or Executor::cancel returned.
class Job {
 public:
  Job(std::shared_ptr<JobQueue> queue, std::shared_ptr<AbortFlag> abort)
      : queue_(std::move(queue)), abort_(std::move(abort)) {}
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job() = default;

  JobQueue& queue() const { return *queue_; }
  const AbortFlag& abort_flag() const { return *abort_; }

 protected:
  /// The work, on a thread of the executor's.
  virtual void run() noexcept = 0;
  /// Tells the owner. Called with the executor locked; the job may be gone when it returns.
  virtual void done() noexcept = 0;

 private:
  friend class Executor;
  std::shared_ptr<JobQueue> queue_;
  std::shared_ptr<AbortFlag> abort_;
};

/// Jobs that must run one after another, since they share a native object. `begin`, `end`,
/// `observe` and `release` are for the thread of the queue's owner, the JavaScript thread.
class JobQueue {
 public:
  /// Calls whose promise is not settled: while there are none, the owner has the native object to
  /// itself.
  bool is_idle() const { return pending_ == 0; }
  void begin() { ++pending_; }
  void end();
  /// Has `observer` called after each `end`, and after each `release` that destroyed its object at
  /// once; null: nobody any more.
  void observe(std::function<void()> observer) { observer_ = std::move(observer); }

  /// Destroys `object`, which may hold memory of the native object's device: now if the queue is
  /// idle, else between two jobs, since a device serves one thread at a time.
  void release(std::shared_ptr<void> object);

 private:
  friend class Executor;
  void destroy_released();

  std::size_t pending_ = 0;
  std::function<void()> observer_;

  std::mutex released_mutex_;
  std::vector<std::shared_ptr<void>> released_;

  // The executor's, under its lock.
  std::deque<Job*> waiting_;
  bool scheduled_ = false;
};

/// What a JavaScript object owns of a native object with a queue: destroyed on the JavaScript
/// thread, it lets go of it between two jobs.
template <class T>
class Owned {
 public:
  Owned() = default;
  Owned(std::shared_ptr<JobQueue> queue, std::shared_ptr<T> object)
      : queue_(std::move(queue)), object_(std::move(object)) {}
  Owned(Owned&&) noexcept = default;
  Owned& operator=(Owned&& other) noexcept {
    std::swap(queue_, other.queue_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~Owned() { reset(); }

  /// The object for a call or a job to hold, or null once it was reset.
  const std::shared_ptr<T>& object() const { return object_; }
  void reset() {
    if (object_) queue_->release(std::exchange(object_, nullptr));
  }

 private:
  std::shared_ptr<JobQueue> queue_;
  std::shared_ptr<T> object_;
};

/// The threads: started when there is work, asleep when there is none, and shared by all
/// environments of the process. Queues take turns, a job at a time.
class Executor {
 public:
  /// Never destroyed: its threads may outlive every static object.
  static Executor& instance();

  /// At the end of the process, has all work end before anything that was loaded up to now goes.
  static void stop_at_exit();

  /// Hands over a job: `job.run()` and then `job.done()` follow, unless it is taken back before. A
  /// memory status where not even one thread can be had; then the job is not handed over.
  Status submit(Job& job);

  /// Takes back jobs of one owner: sets their abort flags, forgets those that wait and returns when
  /// those that run have ended. Jobs that are done are none of its concern.
  void cancel(std::span<Job* const> jobs);

 private:
  /// Jobs compute on the device's threads too, so a few are enough to keep every core busy.
  static constexpr std::size_t most_threads = 8;
  using Queues = std::list<std::shared_ptr<JobQueue>>;

  Executor() { running_.reserve(most_threads); }
  void enqueue(Job& job);
  void start_thread_if_needed();
  void serve();
  void run_next(std::unique_lock<std::mutex>& lock);
  /// Ends all work before the process unloads what it uses.
  void stop();

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable finished_;
  Queues ready_;  ///< queues with waiting jobs, none of which runs
  std::vector<Job*> running_;
  std::size_t threads_ = 0;
  std::size_t idle_threads_ = 0;
  bool stopping_ = false;
};

}  // namespace gru::binding
