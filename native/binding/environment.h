#pragma once

#include <node_api.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "binding/surface.h"

namespace gru::binding {

class JobQueue;
class PromiseJob;

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

  /// A new instance of the surface, with its maker of errors.
  Surface& open_surface(napi_value create_error);

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
  std::vector<std::unique_ptr<Surface>> surfaces_;
  /// Brings finished jobs to this thread. It keeps the process alive only while there are jobs.
  napi_threadsafe_function completions_ = nullptr;
  std::unordered_map<PromiseJob*, std::unique_ptr<PromiseJob>> jobs_;
};

}  // namespace gru::binding
