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

/// Which jobs of a queue may run at the same time.
class JobAccess {
 public:
  /// The job changes the native object: no other job runs meanwhile.
  static JobAccess exclusive() { return {}; }
  /// The job only computes with the native object: others of this kind may run meanwhile. But only
  /// one job at a time uses each of the `parts`, which are addresses of any objects.
  static JobAccess shared(std::vector<const void*> parts = {});

  bool allows(const JobAccess& other) const;

 private:
  bool is_exclusive_ = true;
  std::vector<const void*> parts_;  ///< sorted
};

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
  /// By default exclusive. Must be called before the job is handed over.
  void set_access(JobAccess access) { access_ = std::move(access); }

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
  JobAccess access_;
};

/// Jobs that share a native object. They begin in the order in which they were handed over; each
/// begins when those before it that still run allow it (JobAccess). Only the thread of the queue's
/// owner, the JavaScript thread, may call `begin`, `end`, `observe` and `release`.
class JobQueue {
 public:
  /// How many jobs may run at the same time, at this moment.
  using Limit = unsigned (*)();
  explicit JobQueue(Limit limit) : limit_(limit) {}

  /// Whether no call has an unsettled promise. Then only the owner uses the native object.
  bool is_idle() const { return pending_ == 0; }
  void begin() { ++pending_; }
  void end();
  /// Sets a function to call after each `end`, and after each `release` that destroyed its object
  /// immediately. Null removes it.
  void observe(std::function<void()> observer) { observer_ = std::move(observer); }

  /// Destroys `object`, which may hold memory of the native object's device. It does so immediately
  /// if the queue is idle, otherwise after a job. So a device that allows one thread at a time,
  /// whose queue runs one job at a time, is used by one thread only. Objects are destroyed one at a
  /// time in the order of the calls: a device after all that has memory of it.
  void release(std::shared_ptr<void> object);

 private:
  friend class Executor;
  void destroy_released();

  Limit limit_;
  std::size_t pending_ = 0;
  std::function<void()> observer_;

  std::mutex destroying_mutex_;  ///< held by the thread that destroys released objects
  std::mutex released_mutex_;
  std::vector<std::shared_ptr<void>> released_;

  // Used by the executor, under its lock.
  std::deque<Job*> waiting_;
  bool is_listed_ = false;  ///< among Executor::queues_
};

/// A JavaScript object's share of a native object with a queue. When it is destroyed on the
/// JavaScript thread, it releases the native object (JobQueue::release).
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

/// Runs jobs. All environments of the process share it. Queues take turns: each turn begins one
/// job. executor_threads.cc runs the jobs on threads, which start when there is work and sleep when
/// there is none. In WebAssembly, wasm/executor_turns.cc runs them in turns of the event loop, one
/// at a time. A build takes one of these files.
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
  /// Enough for a job on every core, and for jobs that wait for a GPU.
  static std::size_t most_workers();
  using Queues = std::list<std::shared_ptr<JobQueue>>;

  Executor() : most_workers_(most_workers()) { running_.reserve(most_workers_); }
  void enqueue(Job& job);
  /// Whether the first waiting job of a queue may begin now.
  bool may_begin(const JobQueue& queue) const;
  /// The first queue of which a job may begin.
  Queues::iterator next_queue();
  /// Has `serve` called if there is a job that may begin.
  void wake_if_needed();
  /// Takes the next job that may begin and runs it; on a thread, one after another for ever.
  void serve();
  /// Takes the first job of a queue, whose next turn comes after those of the others.
  Job& take_first(Queues::iterator queue);
  void run(Job& job, std::unique_lock<std::mutex>& lock);
  bool remove_waiting(Job& job);
  /// Ends all work before the process unloads code that it uses.
  void stop();

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable finished_;
  Queues queues_;  ///< those with waiting jobs
  std::vector<Job*> running_;
  std::size_t most_workers_;
  std::size_t workers_ = 0;  ///< threads, or turns of the event loop that were asked for
  std::size_t idle_workers_ = 0;
  bool stopping_ = false;
};

}  // namespace gru::binding
