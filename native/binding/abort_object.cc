#include "binding/abort_object.h"

#include "binding/values.h"

namespace gru::binding {

napi_value AbortObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {method<&AbortObject::abort>("abort")};
  return define_class<AbortObject>(surface, members);
}

napi_value AbortObject::abort(Arguments&) {
  flag_->store(true);
  return nullptr;
}

std::shared_ptr<AbortFlag> read_abort(const Arguments& arguments, napi_value value) {
  if (is_null(arguments.env(), value)) return nullptr;
  return unwrap<AbortObject>(arguments, value, "abort", "an AbortFlag or null").flag();
}

}  // namespace gru::binding
