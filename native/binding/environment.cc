#include "binding/environment.h"

#include <vector>

#include "binding/pass_object.h"
#include "binding/promise_job.h"

namespace gru::binding {

namespace {

/// A plain Error with a code, for the time before `initialize` and for when the factory fails.
napi_value plain_error(napi_env env, const Failure& failure) noexcept {
  napi_property_descriptor code{};
  napi_value message = nullptr;
  napi_value error = nullptr;
  code.utf8name = "code";
  code.attributes = napi_default_jsproperty;
  napi_create_string_utf8(env, failure.code, NAPI_AUTO_LENGTH, &code.value);
  napi_create_string_utf8(env, failure.message.data(), failure.message.size(), &message);
  napi_create_error(env, nullptr, message, &error);
  // Defined here: napi_create_error would set it, and so find a setter of Object.prototype.
  napi_define_properties(env, error, 1, &code);
  return error;
}

void replace_reference(napi_env env, napi_ref& reference, napi_value value) {
  napi_ref fresh = nullptr;
  check_call(napi_create_reference(env, value, 1, &fresh));
  if (reference != nullptr) napi_delete_reference(env, reference);
  reference = fresh;
}

napi_value value_of(napi_env env, napi_ref reference) noexcept {
  napi_value value = nullptr;
  if (reference != nullptr) napi_get_reference_value(env, reference, &value);
  return value;
}

}  // namespace

Environment::Environment(napi_env env) : env_(env) {}

Environment::~Environment() = default;

void Environment::create(napi_env env) {
  auto environment = std::make_unique<Environment>(env);
  environment->open_completions();
  // After open_completions: hooks run last first, and `close` needs what it opened.
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

void Environment::set_error_factory(napi_value factory) {
  replace_reference(env_, error_factory_, factory);
}

napi_value Environment::error(const Failure& failure) const noexcept {
  napi_value factory = value_of(env_, error_factory_);
  if (factory == nullptr) return plain_error(env_, failure);
  napi_value arguments[2] = {nullptr, nullptr};
  napi_value undefined = nullptr;
  napi_value error = nullptr;
  napi_get_undefined(env_, &undefined);
  napi_create_string_utf8(env_, failure.code, NAPI_AUTO_LENGTH, &arguments[0]);
  napi_create_string_utf8(env_, failure.message.data(), failure.message.size(), &arguments[1]);
  if (napi_call_function(env_, undefined, factory, 2, arguments, &error) == napi_ok) return error;
  napi_value thrown = nullptr;
  napi_get_and_clear_last_exception(env_, &thrown);
  return plain_error(env_, failure);
}

void Environment::set_pass_constructor(napi_value constructor) {
  replace_reference(env_, pass_constructor_, constructor);
}

napi_value Environment::create_pass(std::unique_ptr<PassObject> pass) {
  new_pass_ = std::move(pass);
  napi_value object = nullptr;
  const napi_status status =
      napi_new_instance(env_, value_of(env_, pass_constructor_), 0, nullptr, &object);
  new_pass_.reset();
  check_call(status);
  return object;
}

std::unique_ptr<PassObject> Environment::take_new_pass() { return std::move(new_pass_); }

napi_value Environment::start(std::unique_ptr<PromiseJob> job) {
  PromiseJob& started = *job;
  napi_value promise = nullptr;
  jobs_.emplace(&started, std::move(job));
  started.queue().begin();
  if (jobs_.size() == 1) napi_ref_threadsafe_function(env_, completions_);
  if (napi_create_promise(env_, &started.deferred_, &promise) != napi_ok) {
    take(started);
    throw Failure{"ERR_GRU_INTERNAL", "a promise could not be made"};
  }
  // Once handed over, the job is the executor's until it is done.
  Status refused = Executor::instance().submit(started);
  if (!refused.is_ok()) {
    started.status_ = std::move(refused);
    settle(started);
  }
  return promise;
}

void Environment::notify(PromiseJob& job) noexcept {
  napi_call_threadsafe_function(completions_, &job, napi_tsfn_nonblocking);
}

void Environment::open_completions() {
  napi_value name = nullptr;
  check_call(napi_create_string_utf8(env_, "gru-native", NAPI_AUTO_LENGTH, &name));
  const napi_threadsafe_function_call_js settle_job = [](napi_env env, napi_value, void* context,
                                                         void* job) {
    // Without an environment this is a job that `close` has destroyed.
    if (env == nullptr) return;
    static_cast<Environment*>(context)->settle(*static_cast<PromiseJob*>(job));
  };
  check_call(napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr,
                                             this, settle_job, &completions_));
  check_call(napi_unref_threadsafe_function(env_, completions_));
}

void Environment::close() noexcept {
  std::vector<Job*> jobs;
  for (const auto& entry : jobs_) jobs.push_back(entry.first);
  if (!jobs.empty()) Executor::instance().cancel(jobs);
  for (Job* const job : jobs) job->queue().end();
  jobs_.clear();
  napi_release_threadsafe_function(completions_, napi_tsfn_abort);
}

std::unique_ptr<PromiseJob> Environment::take(PromiseJob& job) noexcept {
  std::unique_ptr<PromiseJob> taken = std::move(jobs_.extract(&job).mapped());
  taken->queue().end();
  if (jobs_.empty()) napi_unref_threadsafe_function(env_, completions_);
  return taken;
}

void Environment::settle(PromiseJob& job) noexcept {
  const std::unique_ptr<PromiseJob> taken = take(job);
  // Where JavaScript may no longer run, nothing can settle the promise, and nobody waits for it.
  try {
    napi_resolve_deferred(env_, taken->deferred_, taken->outcome());
  } catch (const Failure& failure) {
    napi_reject_deferred(env_, taken->deferred_, error(failure));
  } catch (const std::bad_alloc&) {
    napi_reject_deferred(env_, taken->deferred_, error({"ERR_GRU_MEMORY", "out of memory"}));
  } catch (const std::exception& exception) {
    napi_reject_deferred(env_, taken->deferred_, error({"ERR_GRU_INTERNAL", exception.what()}));
  }
}

}  // namespace gru::binding
