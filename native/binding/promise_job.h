#pragma once

#include <node_api.h>

#include <functional>
#include <memory>

#include "base/status.h"
#include "binding/environment.h"
#include "binding/executor.h"
#include "binding/job_arrays.h"

namespace gru::binding {

/// The job of a call that returns a promise. Made, settled and destroyed on the JavaScript thread.
class PromiseJob final : public Job {
 public:
  /// `call` is what messages call it, as "gru.forward": a string that is never freed. `abort` may
  /// be null: then only the environment's end stops the job.
  PromiseJob(Environment& environment, const char* call, std::shared_ptr<JobQueue> queue,
             std::shared_ptr<AbortFlag> abort);
  ~PromiseJob() override;

  /// All that the work reads and writes.
  JobArrays arrays;
  /// The work itself. What it captures is destroyed right after it, before the queue's next job.
  std::function<Status()> work;
  /// Makes the promise's value; none: undefined.
  std::function<napi_value(Environment&)> result;

 private:
  friend class Environment;

  void run() noexcept override;
  void done() noexcept override;
  /// The JavaScript value of the outcome; throws Failure.
  napi_value outcome();

  Environment& environment_;
  const char* call_;
  napi_deferred deferred_ = nullptr;
  Status status_;
};

}  // namespace gru::binding
