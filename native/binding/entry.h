#pragma once

#include <napi.h>

#include <array>
#include <cstddef>
#include <exception>
#include <new>

#include "binding/array_memory.h"
#include "binding/failure.h"
#include "binding/surface.h"

/// The way from JavaScript into C++ functions and back. No exception crosses this border.

namespace gru::binding {

/// The arguments of one call. Those that the caller did not give are undefined.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) noexcept : env_(env) {
    std::size_t count = values_.size();
    // It cannot fail, since every pointer is valid.
    napi_get_cb_info(env, info, &count, values_.data(), &receiver_, &data_);
  }

  napi_env env() const { return env_; }
  /// JavaScript's `this`.
  napi_value receiver() const { return receiver_; }
  napi_value operator[](std::size_t index) const { return values_[index]; }

  /// The instance of the surface that the function belongs to. Only `initialize` belongs to none.
  Surface& surface() const { return *static_cast<Surface*>(data_); }
  napi_value error(const Failure& failure) const noexcept {
    return data_ == nullptr ? plain_error(env_, failure) : surface().error(failure);
  }

 private:
  static constexpr std::size_t most = 10;
  napi_env env_;
  napi_value receiver_ = nullptr;
  void* data_ = nullptr;
  std::array<napi_value, most> values_{};
};

/// Runs `body` on the arguments and returns its result. If it throws, the result is that of `fail`,
/// called with a JavaScript error.
template <class Body, class Fail>
napi_value contain(napi_env env, napi_callback_info info, Body&& body, Fail&& fail) noexcept {
  Arguments arguments(env, info);
  Failure failure;
  try {
    const ArrayScope scope;
    return body(arguments);
  } catch (const Napi::Error& error) {
    return fail(error.Value());
  } catch (Failure& thrown) {
    failure = std::move(thrown);
  } catch (const std::bad_alloc&) {
    failure = {"ERR_GRU_MEMORY", "out of memory"};
  } catch (const std::exception& exception) {
    failure = {"ERR_GRU_INTERNAL", exception.what()};
  }
  napi_value pending = nullptr;
  bool is_pending = false;
  napi_is_exception_pending(env, &is_pending);
  if (is_pending) napi_get_and_clear_last_exception(env, &pending);
  return fail(is_pending ? pending : arguments.error(failure));
}

/// A function that throws its failures.
template <napi_value (*function)(Arguments&)>
napi_value entry(napi_env env, napi_callback_info info) {
  return contain(env, info, function, [env](napi_value error) -> napi_value {
    napi_throw(env, error);
    return nullptr;
  });
}

/// A function that returns a promise and never throws: a failure rejects the promise.
template <napi_value (*function)(Arguments&)>
napi_value promise_entry(napi_env env, napi_callback_info info) {
  return contain(env, info, function, [env](napi_value error) -> napi_value {
    napi_deferred deferred = nullptr;
    napi_value promise = nullptr;
    if (napi_create_promise(env, &deferred, &promise) != napi_ok) return nullptr;
    napi_reject_deferred(env, deferred, error);
    return promise;
  });
}

}  // namespace gru::binding
