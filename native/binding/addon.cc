#include <napi.h>

#include "binding/abort_object.h"
#include "binding/entry.h"
#include "binding/gru_object.h"
#include "binding/model_object.h"
#include "binding/pass_object.h"
#include "binding/reference.h"
#include "binding/runtime.h"
#include "binding/trainer_object.h"
#include "binding/values.h"

/// The exports of the addon, as binding.d.ts declares them.

namespace gru::binding {

namespace {

napi_value initialize(Arguments& arguments) {
  napi_valuetype type = napi_undefined;
  check_call(napi_typeof(arguments.env(), arguments[0], &type));
  if (type != napi_function) {
    refuse_type("createError", "a function", describe(arguments.env(), arguments[0]));
  }
  Environment::of(arguments.env()).set_error_factory(arguments[0]);
  return nullptr;
}

napi_property_descriptor exported_function(const char* name, napi_callback function) {
  return {name, nullptr, function, nullptr, nullptr, nullptr, napi_default_jsproperty, nullptr};
}

napi_property_descriptor exported_class(const char* name, napi_value constructor) {
  return {name, nullptr, nullptr, nullptr, nullptr, constructor, napi_default_jsproperty, nullptr};
}

Napi::Object define_exports(Napi::Env env, Napi::Object exports) {
  Environment::create(env);
  const napi_value pass_class = PassObject::define(env);
  Environment::of(env).set_pass_constructor(pass_class);
  const napi_property_descriptor properties[] = {
      exported_function("initialize", entry<initialize>),
      exported_function("runtime", entry<runtime>),
      exported_function("cudaRuntime", entry<cuda_runtime>),
      exported_function("setThreads", entry<set_threads>),
      exported_function("modelParameterSpecs", entry<model_parameter_specs>),
      exported_function("takeIgnoredVariables", entry<take_ignored_variables>),
      exported_function("referenceGru", entry<reference_gru>),
      exported_class(AbortObject::class_name, AbortObject::define(env)),
      exported_class(GruObject::class_name, GruObject::define(env)),
      exported_class(PassObject::class_name, pass_class),
      exported_class(ModelObject::class_name, ModelObject::define(env)),
      exported_class(TrainerObject::class_name, TrainerObject::define(env)),
  };
  check_call(napi_define_properties(env, exports, std::size(properties), properties));
  return exports;
}

Napi::Object start(Napi::Env env, Napi::Object exports) {
  try {
    return define_exports(env, exports);
  } catch (const Failure& failure) {
    throw Napi::Error::New(env, failure.message);
  }
}

}  // namespace

NODE_API_MODULE(gru_native, start)

}  // namespace gru::binding
