#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "binding/executor.h"
#include "testing/random_cases.h"

/// Drives the executor as an environment of Node does, without Node.
namespace gru::binding::testing {

/// A job whose work is a function. Only its owner makes and destroys it.
class OwnedJob final : public Job {
 public:
  using Work = std::function<void(const AbortFlag&)>;

  OwnedJob(std::shared_ptr<JobQueue> queue, std::shared_ptr<AbortFlag> abort, Work work,
           std::function<void(OwnedJob&)> tell)
      : Job(std::move(queue), std::move(abort)), work_(std::move(work)), tell_(std::move(tell)) {}

 private:
  void run() noexcept override {
    if (!abort_flag().load()) work_(abort_flag());
    // As a promise's work, it is destroyed before the next job of its queue.
    work_ = nullptr;
  }
  void done() noexcept override { tell_(*this); }

  Work work_;
  std::function<void(OwnedJob&)> tell_;
};

/// The part of an environment: a thread that starts jobs, aborts some, settles those that are done,
/// and takes back the others when it ends. Only one thread may use it.
class Owner {
 public:
  Owner() = default;
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  /// Returns when no job of this owner runs any more. Jobs that have not begun never run.
  ~Owner() {
    std::vector<Job*> jobs;
    for (const Pending& each : pending_) jobs.push_back(each.job.get());
    Executor::instance().cancel(jobs);
    for (Job* const job : jobs) job->queue().end();
  }

  /// Returns the flag of the new job, for `abort`.
  std::shared_ptr<AbortFlag> start(const std::shared_ptr<JobQueue>& queue, JobAccess access,
                                   OwnedJob::Work work) {
    auto flag = std::make_shared<AbortFlag>(false);
    auto tell = [this](OwnedJob& job) { notify(job); };
    pending_.push_back(
        {std::make_unique<OwnedJob>(queue, flag, std::move(work), std::move(tell)), flag});
    pending_.back().job->set_access(std::move(access));
    queue->begin();
    GRU_CHECK_OK(Executor::instance().submit(*pending_.back().job));
    return flag;
  }

  /// Sets the flag. Returns whether its job had not begun: then it never runs.
  bool abort(AbortFlag& flag) {
    flag.store(true);
    const auto found = std::ranges::find_if(
        pending_, [&](const Pending& each) { return each.flag.get() == &flag; });
    if (found == pending_.end() || !Executor::instance().withdraw(*found->job)) return false;
    take(*found->job);
    return true;
  }

  /// Settles the jobs that are done now.
  void settle() {
    std::vector<OwnedJob*> done;
    {
      const std::lock_guard lock(mutex_);
      done.swap(done_);
    }
    for (OwnedJob* const job : done) take(*job);
  }

  /// Waits for all jobs.
  void finish() {
    while (!pending_.empty()) {
      {
        std::unique_lock lock(mutex_);
        told_.wait(lock, [this] { return !done_.empty(); });
      }
      settle();
    }
  }

 private:
  struct Pending {
    std::unique_ptr<OwnedJob> job;
    std::shared_ptr<AbortFlag> flag;
  };

  /// On a thread of the executor.
  void notify(OwnedJob& job) {
    const std::lock_guard lock(mutex_);
    done_.push_back(&job);
    told_.notify_one();
  }

  void take(OwnedJob& job) {
    job.queue().end();
    std::erase_if(pending_, [&](const Pending& each) { return each.job.get() == &job; });
  }

  std::vector<Pending> pending_;
  std::mutex mutex_;
  std::condition_variable told_;
  std::vector<OwnedJob*> done_;
};

}  // namespace gru::binding::testing
