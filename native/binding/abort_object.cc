#include "binding/abort_object.h"

#include "binding/values.h"

namespace gru::binding {

napi_value AbortObject::define(napi_env env) {
  const napi_property_descriptor members[] = {method<&AbortObject::abort>("abort")};
  return define_class<AbortObject>(env, members);
}

napi_value AbortObject::abort(Arguments&) {
  flag_->store(true);
  return nullptr;
}

std::shared_ptr<AbortFlag> read_abort(napi_env env, napi_value value) {
  if (is_null(env, value)) return nullptr;
  const AbortObject* const object = unwrap<AbortObject>(env, value);
  if (object == nullptr) refuse_type("abort", "an AbortFlag or null", describe(env, value));
  return object->flag();
}

}  // namespace gru::binding
