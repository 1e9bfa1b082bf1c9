#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>

#include "binding/failure.h"

namespace gru::binding {

class Environment;
class PassObject;

/// One instance of the native surface. Each copy of lib gets one from its call of `initialize`. It
/// has what the instance's functions, classes and jobs share. Several copies of lib (of a package
/// manager, of a test runner) may exist in one environment. Each gets errors of its own class.
///
/// JavaScript functions point to their surface, so the surface lives as long as its environment. It
/// has only weak references, so that a copy of lib that is no longer used can be garbage-collected.
class Surface {
 public:
  Surface(Environment& environment, napi_value create_error);
  Surface(const Surface&) = delete;
  Surface& operator=(const Surface&) = delete;
  ~Surface();

  Environment& environment() const { return environment_; }
  napi_env env() const;

  /// The JavaScript error for a failure. The maker of errors makes it, or it is a plain error with
  /// a code if the maker fails or was collected.
  napi_value error(const Failure& failure) const noexcept;

  /// Keeps the maker of errors alive while a job is pending.
  void begin_job() noexcept;
  void end_job() noexcept;

  void set_pass_constructor(napi_value constructor);
  /// A new NativePass that owns `pass`.
  napi_value create_pass(std::unique_ptr<PassObject> pass);
  /// The object that create_pass passes to the constructor; null if JavaScript calls the
  /// constructor.
  std::unique_ptr<PassObject> take_new_pass();

 private:
  Environment& environment_;
  /// A weak reference unless there are jobs. The object that `initialize` returned keeps the maker.
  napi_ref create_error_ = nullptr;
  napi_ref pass_constructor_ = nullptr;
  std::unique_ptr<PassObject> new_pass_;
};

/// A plain Error with a code.
napi_value plain_error(napi_env env, const Failure& failure) noexcept;

}  // namespace gru::binding
