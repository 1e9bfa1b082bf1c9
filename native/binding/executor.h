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

/// The engine's own threads, which run the jobs of promise calls. This file knows nothing of Node.

namespace gru::binding {

class JobQueue;

/// Work for the executor. Its owner keeps it until `done` is called or Executor::cancel returns.
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
  /// Does the work, on a thread of the executor, or on the owner's if the job never gets there.
  virtual void run() noexcept = 0;
  /// Tells the owner that the job is done. The executor is locked meanwhile. The job may be
  /// destroyed when the call returns.
  virtual void done() noexcept = 0;

 private:
  friend class Executor;
  std::shared_ptr<JobQueue> queue_;
  std::shared_ptr<AbortFlag> abort_;
};

/// Jobs that must run one after another, since they share a native object. Only the thread of the
/// queue's owner, the JavaScript thread, may call `begin`, `end`, `observe` and `release`.
class JobQueue {
 public:
  /// Whether no call has an unsettled promise. Then only the owner uses the native object.
  bool is_idle() const { return pending_ == 0; }
  void begin() { ++pending_; }
  void end();
  /// Sets a function to call after each `end`, and after each `release` that destroyed its object
  /// immediately. Null removes it.
  void observe(std::function<void()> observer) { observer_ = std::move(observer); }

  /// Destroys `object`, which may hold memory of the native object's device. It does so immediately
  /// if the queue is idle, otherwise between two jobs, since only one thread at a time may use a
  /// device.
  void release(std::shared_ptr<void> object);

 private:
  friend class Executor;
  void destroy_released();

  std::size_t pending_ = 0;
  std::function<void()> observer_;

  std::mutex released_mutex_;
  std::vector<std::shared_ptr<void>> released_;

  // Used by the executor, under its lock.
  std::deque<Job*> waiting_;
  bool scheduled_ = false;
};

/// A JavaScript object's share of a native object with a queue. When it is destroyed on the
/// JavaScript thread, it releases the native object between two jobs.
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

  /// The object, for a call or a job to keep; null after a reset.
  const std::shared_ptr<T>& object() const { return object_; }
  void reset() {
    if (object_) queue_->release(std::exchange(object_, nullptr));
  }

 private:
  std::shared_ptr<JobQueue> queue_;
  std::shared_ptr<T> object_;
};

/// The threads. They start when there is work and sleep when there is none. All environments of the
/// process share them. Queues take turns, one job at a time.
class Executor {
 public:
  /// Never destroyed: its threads may outlive all static objects.
  static Executor& instance();

  /// At the end of the process, makes all work end before anything is unloaded that was loaded
  /// before this call.
  static void stop_at_exit();

  /// Hands over a job: the executor calls `job.run()` and then `job.done()`, unless `cancel` takes
  /// the job back before. Fails with a memory status if no thread at all can be started; the job is
  /// then not handed over.
  Status submit(Job& job);

  /// Takes a job back if it has not begun. Returns whether it was so: then `done` is not called.
  bool withdraw(Job& job);

  /// Takes back jobs of one owner. It sets their abort flags, removes those that wait, and returns
  /// when those that run have ended. Jobs that are done are not affected.
  void cancel(std::span<Job* const> jobs);

 private:
  /// Jobs also use the device's threads, so a few threads keep every core busy.
  static constexpr std::size_t most_threads = 8;
  using Queues = std::list<std::shared_ptr<JobQueue>>;

  Executor() { running_.reserve(most_threads); }
  void enqueue(Job& job);
  void start_thread_if_needed();
  void serve();
  void run_next(std::unique_lock<std::mutex>& lock);
  /// Ends all work before the process unloads code that it uses.
  void stop();

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable finished_;
  Queues ready_;  ///< queues with waiting jobs, of which no job runs
  std::vector<Job*> running_;
  std::size_t threads_ = 0;
  std::size_t idle_threads_ = 0;
  bool stopping_ = false;
};

}  // namespace gru::binding
