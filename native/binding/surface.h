#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>

#include "binding/failure.h"

namespace gru::binding {

class Environment;
class PassObject;

/// One instance of the native surface: what one copy of lib got from its call of `initialize`, and
/// what its functions, classes and jobs share. Copies of lib (a package manager's, a test runner's)
/// live side by side in one environment; each gets errors of its own class.
///
/// Functions of JavaScript point to their surface, so it lives as long as its environment. What it
/// refers to does not: a copy of lib that is gone can be collected with all that hangs on it.
class Surface {
 public:
  Surface(Environment& environment, napi_value create_error);
  Surface(const Surface&) = delete;
  Surface& operator=(const Surface&) = delete;
  ~Surface();

  Environment& environment() const { return environment_; }
  napi_env env() const;

  /// The JavaScript error for a failure: the maker's, or a plain one with a code where the maker
  /// fails or is gone.
  napi_value error(const Failure& failure) const noexcept;

  /// While a job is pending its maker of errors stays.
  void begin_job() noexcept;
  void end_job() noexcept;

  void set_pass_constructor(napi_value constructor);
  /// A new NativePass that owns `pass`.
  napi_value create_pass(std::unique_ptr<PassObject> pass);
  /// What create_pass hands to the constructor that it calls; null where JavaScript calls it.
  std::unique_ptr<PassObject> take_new_pass();

 private:
  Environment& environment_;
  /// Weak but while there are jobs: the object that `initialize` returned holds the maker.
  napi_ref create_error_ = nullptr;
  napi_ref pass_constructor_ = nullptr;
  std::unique_ptr<PassObject> new_pass_;
};

/// A plain Error with a code.
napi_value plain_error(napi_env env, const Failure& failure) noexcept;

}  // namespace gru::binding
