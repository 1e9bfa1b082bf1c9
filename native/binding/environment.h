#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "binding/surface.h"
#include "device/device.h"

namespace gru::binding {

class JobQueue;
class ObjectRegistry;
class PromiseJob;

/// What the addon keeps for one JavaScript environment (of the main thread or a worker_thread).
/// Nothing of it is static, since several environments load the addon. Only the environment's own
/// thread may use it, except for `notify`.
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
  /// Native parts of objects keep it longer than the environment lives.
  const std::shared_ptr<ObjectRegistry>& objects() const { return objects_; }

  /// A new instance of the surface, with its maker of errors.
  Surface& open_surface(napi_value create_error);

  /// Starts a job and returns its promise, which settles with the job's result.
  napi_value start(std::unique_ptr<PromiseJob> job);
  /// Sets a flag. The calls that it stops end at once if their jobs have not begun.
  void abort(AbortFlag& flag) noexcept;
  /// The calls in this queue whose promises are not settled, as "gru.forward and pass.backward".
  std::string pending_calls(const JobQueue& queue) const;
  /// Makes the environment's thread settle `job`. The executor's threads call it.
  void notify(PromiseJob& job) noexcept;

 private:
  void open_completions();
  /// Called when the environment ends. Afterwards no job may use it.
  void close() noexcept;
  /// Takes a job that the flag stops from the executor. Null: none waits there.
  PromiseJob* withdraw_one(const AbortFlag& flag) noexcept;
  void settle(PromiseJob& job) noexcept;
  std::unique_ptr<PromiseJob> take(PromiseJob& job) noexcept;
  bool does_at_once(const PromiseJob& job);

  napi_env env_;
  std::shared_ptr<ObjectRegistry> objects_;
  std::vector<std::unique_ptr<Surface>> surfaces_;
  /// Passes finished jobs to this thread. It keeps the process alive only while there are jobs.
  napi_threadsafe_function completions_ = nullptr;
  std::unordered_map<PromiseJob*, std::unique_ptr<PromiseJob>> jobs_;
  /// The jobs that each flag stops.
  std::unordered_multimap<const AbortFlag*, PromiseJob*> jobs_by_flag_;
  std::size_t small_jobs_ = 0;  ///< that might have been done at once
};

}  // namespace gru::binding
