#pragma once

#include <node_api.h>

#include <functional>
#include <memory>

#include "base/status.h"
#include "binding/executor.h"
#include "binding/job_arrays.h"
#include "binding/surface.h"

namespace gru::binding {

/// The job of a call that returns a promise. Made, settled and destroyed on the JavaScript thread.
class PromiseJob final : public Job {
 public:
  /// `call` is what messages call it, as "gru.forward": a string that is never freed. `abort` may
  /// be null: then only the environment's end stops the job.
  PromiseJob(Surface& surface, const char* call, std::shared_ptr<JobQueue> queue,
             std::shared_ptr<AbortFlag> abort);
  ~PromiseJob() override;

  /// Where the call came from, and its errors come from.
  Surface& surface() const { return surface_; }

  /// All that the work reads and writes.
  JobArrays arrays;
  /// The work itself. What it captures is destroyed right after it, before the queue's next job.
  std::function<Status()> work;
  /// Makes the promise's value; none: undefined.
  std::function<napi_value(Surface&)> result;

 private:
  friend class Environment;

  void run() noexcept override;
  void done() noexcept override;
  /// The JavaScript value of the outcome; throws Failure.
  napi_value outcome();

  Surface& surface_;
  const char* call_;
  napi_deferred deferred_ = nullptr;
  Status status_;
};

/// Starts a job and returns its promise.
napi_value start_job(std::unique_ptr<PromiseJob> job);

}  // namespace gru::binding
