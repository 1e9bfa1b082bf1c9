#include "binding/abort_object.h"

#include "binding/environment.h"
#include "binding/values.h"

namespace gru::binding {

napi_value AbortObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {method<&AbortObject::abort>("abort")};
  return define_class<AbortObject>(surface, members);
}

napi_value AbortObject::abort(Arguments& arguments) {
  // The flag stays alive, whatever the callers of the ended jobs do.
  const std::shared_ptr<AbortFlag> flag = flag_;
  arguments.surface().environment().abort(*flag);
  return nullptr;
}

std::shared_ptr<AbortFlag> read_abort(const Arguments& arguments, napi_value value) {
  if (is_null(arguments.env(), value)) return nullptr;
  return unwrap<AbortObject>(arguments, value, "abort", "an AbortFlag or null").flag();
}

}  // namespace gru::binding
