#pragma once

#include <node_api.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "binding/failure.h"

namespace gru::binding {

class JobQueue;
class PromiseJob;
class PassObject;

/// What the addon holds for one JavaScript environment (the main thread's or a worker_thread's):
/// never anything static, since many environments load it. All of it is for the environment's own
/// thread, but `notify`.
class Environment {
 public:
  /// Sets up the environment; called once by the addon's initialisation.
  static void create(napi_env env);
  static Environment& of(napi_env env);

  explicit Environment(napi_env env);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment();

  napi_env env() const { return env_; }

  /// Takes over JavaScript's maker of errors, in place of the one before.
  void set_error_factory(napi_value factory);
  /// The JavaScript error for a failure: the factory's, or a plain Error with a code.
  napi_value error(const Failure& failure) const noexcept;

  void set_pass_constructor(napi_value constructor);
  /// A new NativePass that owns `pass`.
  napi_value create_pass(std::unique_ptr<PassObject> pass);
  /// What create_pass hands to the constructor that it calls; null where JavaScript calls it.
  std::unique_ptr<PassObject> take_new_pass();

  /// Starts a job and returns its promise, which settles with the job's outcome.
  napi_value start(std::unique_ptr<PromiseJob> job);
  /// The calls with this queue whose promises are not settled, as "gru.forward and pass.backward".
  std::string pending_calls(const JobQueue& queue) const;
  /// Sees to it that `job` is settled on the environment's thread. Called by the executor's
  /// threads.
  void notify(PromiseJob& job) noexcept;

 private:
  void open_completions();
  /// The environment ends: no job may touch it from now on.
  void close() noexcept;
  void settle(PromiseJob& job) noexcept;
  std::unique_ptr<PromiseJob> take(PromiseJob& job) noexcept;

  napi_env env_;
  napi_ref error_factory_ = nullptr;
  napi_ref pass_constructor_ = nullptr;
  std::unique_ptr<PassObject> new_pass_;
  /// Brings finished jobs to this thread. It keeps the process alive only while there are jobs.
  napi_threadsafe_function completions_ = nullptr;
  std::unordered_map<PromiseJob*, std::unique_ptr<PromiseJob>> jobs_;
};

}  // namespace gru::binding
