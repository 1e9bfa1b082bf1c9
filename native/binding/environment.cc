#include "binding/environment.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "binding/array_memory.h"
#include "binding/object_registry.h"
#include "binding/promise_job.h"
#include "binding/results.h"

namespace gru::binding {

namespace {

/// An object of which async_hooks tells its listeners. Tools that look for open handles call the
/// method `hasRef` of such an object, and take a handle without it for one that keeps the process
/// alive.
napi_value make_async_resource(napi_env env, napi_callback has_ref, void* data) {
  napi_property_descriptor method{};
  method.utf8name = "hasRef";
  method.method = has_ref;
  method.attributes = napi_default_method;
  method.data = data;
  const napi_value resource = make_object(env, {});
  check_call(napi_define_properties(env, resource, 1, &method));
  return resource;
}

}  // namespace

Environment::Environment(napi_env env)
    : env_(env), objects_(std::make_shared<ObjectRegistry>(env)) {}

Environment::~Environment() = default;

void Environment::create(napi_env env) {
  auto environment = std::make_unique<Environment>(env);
  environment->open_completions();
  // After open_completions: the hook added last runs first, and `close` needs what open_completions
  // made.
  check_call(napi_add_env_cleanup_hook(
      env, [](void* data) { static_cast<Environment*>(data)->close(); }, environment.get()));
  check_call(napi_set_instance_data(
      env, environment.get(),
      [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); }, nullptr));
  environment.release();
}

Environment& Environment::of(napi_env env) {
  void* data = nullptr;
  check_call(napi_get_instance_data(env, &data));
  return *static_cast<Environment*>(data);
}

Surface& Environment::open_surface(napi_value create_error) {
  surfaces_.push_back(std::make_unique<Surface>(*this, create_error));
  return *surfaces_.back();
}

napi_value Environment::start(std::unique_ptr<PromiseJob> job) {
  PromiseJob& started = *job;
  const bool at_once = does_at_once(started);
  napi_value promise = nullptr;
  jobs_.emplace(&started, std::move(job));
  jobs_by_flag_.emplace(&started.abort_flag(), &started);
  started.queue().begin();
  if (jobs_.size() == 1) napi_ref_threadsafe_function(env_, completions_);
  if (napi_create_promise(env_, &started.deferred_, &promise) != napi_ok) {
    take(started);
    throw Failure{"ERR_GRU_INTERNAL", "a promise could not be made"};
  }
  if (at_once) {
    started.run();
    settle(started);
    return promise;
  }
  // From here on the executor has the job, until the job is done.
  Status refused = Executor::instance().submit(started);
  if (!refused.is_ok()) {
    started.status_ = std::move(refused);
    settle(started);
  }
  return promise;
}

/// An awaited call that is done at once costs its caller a microtask only. So that a loop of such
/// calls lets the event loop run, every 64th of them takes the way of a long one.
bool Environment::does_at_once(const PromiseJob& job) {
  constexpr std::size_t most_in_turn = 63;
  if (!job.at_once_ || !job.queue().is_idle()) return false;
  if (small_jobs_ == most_in_turn) {
    small_jobs_ = 0;
    return false;
  }
  ++small_jobs_;
  return true;
}

void Environment::abort(AbortFlag& flag) noexcept {
  flag.store(true);
  // One after another: settling a job removes it from the table, and may run JavaScript code.
  while (PromiseJob* const job = withdraw_one(flag)) {
    job->give_up();
    settle(*job);
  }
}

PromiseJob* Environment::withdraw_one(const AbortFlag& flag) noexcept {
  const auto [first, last] = jobs_by_flag_.equal_range(&flag);
  const auto found = std::find_if(
      first, last, [](const auto& entry) { return Executor::instance().withdraw(*entry.second); });
  return found == last ? nullptr : found->second;
}

std::string Environment::pending_calls(const JobQueue& queue) const {
  std::set<std::string_view> calls;
  for (const auto& [job, owned] : jobs_) {
    if (&job->queue() == &queue) calls.insert(job->call_);
  }
  std::string list;
  for (const std::string_view call : calls) {
    list.append(list.empty() ? "" : " and ").append(call);
  }
  return list;
}

void Environment::notify(PromiseJob& job) noexcept {
  napi_call_threadsafe_function(completions_, &job, napi_tsfn_nonblocking);
}

void Environment::open_completions() {
  napi_value name = nullptr;
  check_call(napi_create_string_utf8(env_, "gru-native", NAPI_AUTO_LENGTH, &name));
  const napi_threadsafe_function_call_js settle_job = [](napi_env env, napi_value, void* context,
                                                         void* job) {
    // Without an environment, `close` has destroyed this job.
    if (env == nullptr) return;
    static_cast<Environment*>(context)->settle(*static_cast<PromiseJob*>(job));
  };
  const napi_callback has_jobs = [](napi_env env, napi_callback_info info) {
    void* environment = nullptr;
    napi_value result = nullptr;
    napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &environment);
    napi_get_boolean(env, !static_cast<Environment*>(environment)->jobs_.empty(), &result);
    return result;
  };
  const napi_value resource = make_async_resource(env_, has_jobs, this);
  check_call(napi_create_threadsafe_function(env_, nullptr, resource, name, 0, 1, nullptr, nullptr,
                                             this, settle_job, &completions_));
  check_call(napi_unref_threadsafe_function(env_, completions_));
}

void Environment::close() noexcept {
  std::vector<Job*> jobs;
  for (const auto& entry : jobs_) jobs.push_back(entry.first);
  if (!jobs.empty()) Executor::instance().cancel(jobs);
  for (Job* const job : jobs) job->queue().end();
  jobs_by_flag_.clear();
  jobs_.clear();
  napi_release_threadsafe_function(completions_, napi_tsfn_abort);
}

std::unique_ptr<PromiseJob> Environment::take(PromiseJob& job) noexcept {
  std::unique_ptr<PromiseJob> taken = std::move(jobs_.extract(&job).mapped());
  const auto [first, last] = jobs_by_flag_.equal_range(&job.abort_flag());
  jobs_by_flag_.erase(
      std::find_if(first, last, [&](const auto& entry) { return entry.second == &job; }));
  taken->queue().end();
  if (jobs_.empty()) napi_unref_threadsafe_function(env_, completions_);
  return taken;
}

void Environment::settle(PromiseJob& job) noexcept {
  const std::unique_ptr<PromiseJob> taken = take(job);
  const Surface& surface = taken->surface();
  // If JavaScript may no longer run, these calls fail: the promise is never settled, and no code
  // waits for it. All of them may run JavaScript code: a maker of errors, a getter of `then`.
  try {
    const napi_value outcome = [&taken] {
      const ArrayScope scope;
      return taken->outcome();
    }();
    napi_resolve_deferred(env_, taken->deferred_, outcome);
  } catch (const Failure& failure) {
    napi_reject_deferred(env_, taken->deferred_, surface.error(failure));
  } catch (const std::bad_alloc&) {
    napi_reject_deferred(env_, taken->deferred_,
                         surface.error({"ERR_GRU_MEMORY", "out of memory"}));
  } catch (const std::exception& exception) {
    napi_reject_deferred(env_, taken->deferred_,
                         surface.error({"ERR_GRU_INTERNAL", exception.what()}));
  }
}

}  // namespace gru::binding
