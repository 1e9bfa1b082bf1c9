#pragma once

#include <node_api.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "binding/executor.h"
#include "binding/job_arrays.h"
#include "binding/surface.h"

namespace gru::binding {

/// The job of a call that returns a promise. It is made, settled and destroyed on the JavaScript
/// thread.
class PromiseJob final : public Job {
 public:
  /// `call` is its name in messages, for example "gru.forward".
  /// `abort` may be null: then only the end of the environment stops the job.
  PromiseJob(Surface& surface, std::string call, std::shared_ptr<JobQueue> queue,
             std::shared_ptr<AbortFlag> abort);
  ~PromiseJob() override;

  /// The surface that the call came from and that makes its errors.
  Surface& surface() const { return surface_; }

  /// Everything that the work reads and writes.
  JobArrays arrays;
  /// The work itself. Its captures are destroyed directly after it, while the job still counts as
  /// running.
  std::function<Status()> work;
  /// Lets start_job do the work itself if nothing is before it in its queue. For work that is done
  /// sooner than a thread of the executor could begin it.
  void do_at_once() noexcept { at_once_ = true; }
  /// Makes the value of the promise. Without it the value is undefined.
  std::function<napi_value(Surface&)> result;

 private:
  friend class Environment;

  void run() noexcept override;
  /// Ends a job that was not run, as aborted.
  void give_up() noexcept;
  void done() noexcept override;
  /// The result as a JavaScript value; throws Failure.
  napi_value outcome();

  Surface& surface_;
  std::string call_;
  bool at_once_ = false;
  napi_deferred deferred_ = nullptr;
  Status status_;
};

/// The largest number of multiply-adds of a job that is done at once: some 10 us on one core.
inline constexpr std::size_t at_once_operations = std::size_t{1} << 18;

/// Starts a job and returns its promise.
napi_value start_job(std::unique_ptr<PromiseJob> job);

}  // namespace gru::binding
