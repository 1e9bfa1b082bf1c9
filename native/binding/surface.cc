#include "binding/surface.h"

#include "binding/environment.h"
#include "binding/pass_object.h"

namespace gru::binding {

namespace {

napi_value value_of(napi_env env, napi_ref reference) noexcept {
  napi_value value = nullptr;
  if (reference != nullptr) napi_get_reference_value(env, reference, &value);
  return value;
}

}  // namespace

napi_value plain_error(napi_env env, const Failure& failure) noexcept {
  napi_property_descriptor code{};
  napi_value message = nullptr;
  napi_value error = nullptr;
  code.utf8name = "code";
  code.attributes = napi_default_jsproperty;
  napi_create_string_utf8(env, failure.code, NAPI_AUTO_LENGTH, &code.value);
  napi_create_string_utf8(env, failure.message.data(), failure.message.size(), &message);
  napi_create_error(env, nullptr, message, &error);
  // The property is defined, not set as napi_create_error does: setting may run a setter of
  // Object.prototype.
  napi_define_properties(env, error, 1, &code);
  return error;
}

Surface::Surface(Environment& environment, napi_value create_error) : environment_(environment) {
  check_call(napi_create_reference(env(), create_error, 0, &create_error_));
}

Surface::~Surface() = default;

napi_env Surface::env() const { return environment_.env(); }

napi_value Surface::error(const Failure& failure) const noexcept {
  napi_value create_error = value_of(env(), create_error_);
  if (create_error == nullptr) return plain_error(env(), failure);
  napi_value arguments[2] = {nullptr, nullptr};
  napi_value undefined = nullptr;
  napi_value error = nullptr;
  napi_get_undefined(env(), &undefined);
  napi_create_string_utf8(env(), failure.code, NAPI_AUTO_LENGTH, &arguments[0]);
  napi_create_string_utf8(env(), failure.message.data(), failure.message.size(), &arguments[1]);
  if (napi_call_function(env(), undefined, create_error, 2, arguments, &error) == napi_ok) {
    return error;
  }
  napi_value thrown = nullptr;
  napi_get_and_clear_last_exception(env(), &thrown);
  return plain_error(env(), failure);
}

void Surface::begin_job() noexcept { napi_reference_ref(env(), create_error_, nullptr); }

void Surface::end_job() noexcept { napi_reference_unref(env(), create_error_, nullptr); }

void Surface::set_pass_constructor(napi_value constructor) {
  check_call(napi_create_reference(env(), constructor, 1, &pass_constructor_));
}

napi_value Surface::create_pass(std::unique_ptr<PassObject> pass) {
  new_pass_ = std::move(pass);
  napi_value object = nullptr;
  const napi_status status =
      napi_new_instance(env(), value_of(env(), pass_constructor_), 0, nullptr, &object);
  new_pass_.reset();
  check_call(status);
  return object;
}

std::unique_ptr<PassObject> Surface::take_new_pass() { return std::move(new_pass_); }

}  // namespace gru::binding
