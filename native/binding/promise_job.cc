#include "binding/promise_job.h"

#include <utility>

#include "binding/environment.h"
#include "binding/failure.h"

namespace gru::binding {

PromiseJob::PromiseJob(Surface& surface, std::string call, std::shared_ptr<JobQueue> queue,
                       std::shared_ptr<AbortFlag> abort)
    : Job(std::move(queue), abort ? std::move(abort) : std::make_shared<AbortFlag>(false)),
      surface_(surface),
      call_(std::move(call)) {
  surface_.begin_job();
}

PromiseJob::~PromiseJob() {
  arrays.release(surface_.env());
  surface_.end_job();
}

void PromiseJob::run() noexcept {
  status_ = abort_flag().load() ? Status::aborted() : guarded(work);
  work = nullptr;
}

void PromiseJob::give_up() noexcept {
  status_ = Status::aborted();
  // The captures may be the last owners of memory on a device that another job uses now.
  queue().release(std::make_shared<std::function<Status()>>(std::exchange(work, nullptr)));
}

void PromiseJob::done() noexcept { surface_.environment().notify(*this); }

napi_value PromiseJob::outcome() {
  check(status_);
  arrays.write_back(surface_.env());
  if (result) return result(surface_);
  napi_value undefined = nullptr;
  napi_get_undefined(surface_.env(), &undefined);
  return undefined;
}

napi_value start_job(std::unique_ptr<PromiseJob> job) {
  Environment& environment = job->surface().environment();
  return environment.start(std::move(job));
}

}  // namespace gru::binding
