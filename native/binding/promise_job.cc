#include "binding/promise_job.h"

#include "binding/failure.h"

namespace gru::binding {

PromiseJob::PromiseJob(Environment& environment, const char* call, std::shared_ptr<JobQueue> queue,
                       std::shared_ptr<AbortFlag> abort)
    : Job(std::move(queue), abort ? std::move(abort) : std::make_shared<AbortFlag>(false)),
      environment_(environment),
      call_(call) {}

PromiseJob::~PromiseJob() { arrays.release(environment_.env()); }

void PromiseJob::run() noexcept {
  status_ = abort_flag().load() ? Status::aborted() : guarded(work);
  work = nullptr;
}

void PromiseJob::done() noexcept { environment_.notify(*this); }

napi_value PromiseJob::outcome() {
  check(status_);
  arrays.write_back(environment_.env());
  if (result) return result(environment_);
  napi_value undefined = nullptr;
  napi_get_undefined(environment_.env(), &undefined);
  return undefined;
}

}  // namespace gru::binding
