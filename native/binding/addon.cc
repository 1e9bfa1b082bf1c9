#include <napi.h>

#include "binding/abort_object.h"
#include "binding/decoder_object.h"
#include "binding/entry.h"
#include "binding/environment.h"
#include "binding/graph_options.h"
#include "binding/keep_loaded.h"
#include "binding/model_object.h"
#include "binding/pass_object.h"
#include "binding/recurrent_object.h"
#include "binding/reference.h"
#include "binding/results.h"
#include "binding/runtime.h"
#include "binding/session_object.h"
#include "binding/shapes.h"
#include "binding/trainer_object.h"
#include "binding/training_pass_object.h"
#include "binding/values.h"

/// The exports of the addon, and the native surface, as binding.d.ts declares them.

namespace gru::binding {

namespace {

napi_property_descriptor function(const char* name, napi_callback function) {
  return {name, nullptr, function, nullptr, nullptr, nullptr, napi_default_jsproperty, nullptr};
}

napi_property_descriptor value(const char* name, napi_value value) {
  return {name, nullptr, nullptr, nullptr, nullptr, value, napi_default_jsproperty, nullptr};
}

napi_value initialize(Arguments& arguments) {
  const napi_env env = arguments.env();
  napi_valuetype type = napi_undefined;
  check_call(napi_typeof(env, arguments[0], &type));
  if (type != napi_function) {
    refuse_type("createError", "a function", describe(env, arguments[0]));
  }
  Surface& surface = Environment::of(env).open_surface(arguments[0]);
  const napi_value pass_class = PassObject::define(surface);
  surface.set_pass_constructor(pass_class);
  const napi_property_descriptor members[] = {
      // Keeps the maker of errors alive: the surface itself has only a weak reference to it.
      value("createError", arguments[0]),
      value("shapeFormulas", shape_formulas(env)),
      value("limits", limits(env)),
      function("runtime", entry<runtime>),
      function("cudaRuntime", entry<cuda_runtime>),
      function("setThreads", entry<set_threads>),
      function("takeIgnoredVariables", entry<take_ignored_variables>),
      function("describeGraph", entry<describe_graph>),
      function("countGruParameters", entry<count_layer_parameters<CellKind::gru>>),
      function("countLstmParameters", entry<count_layer_parameters<CellKind::lstm>>),
      function("stepSessions", promise_entry<SessionObject::step_together>),
      function("referenceGru", entry<reference_gru>),
      function("referenceLstm", entry<reference_lstm>),
      function("referenceGraph", entry<reference_graph>),
      value(AbortObject::class_name, AbortObject::define(surface)),
      value(GruObject::class_name, GruObject::define(surface)),
      value(LstmObject::class_name, LstmObject::define(surface)),
      value(PassObject::class_name, pass_class),
      value(ModelObject::class_name, ModelObject::define(surface)),
      value(TrainerObject::class_name, TrainerObject::define(surface)),
      value(DecoderObject::class_name, DecoderObject::define(surface)),
      value(SessionObject::class_name, SessionObject::define(surface)),
      value(TrainingPassObject::class_name, TrainingPassObject::define(surface)),
  };
  napi_value object = make_object(env, {});
  define_members(surface, object, members);
  return object;
}

Napi::Object define_exports(Napi::Env env, Napi::Object exports) {
  Environment::create(env);
  const napi_property_descriptor properties[] = {function("initialize", entry<initialize>)};
  check_call(napi_define_properties(env, exports, std::size(properties), properties));
  return exports;
}

Napi::Object start(Napi::Env env, Napi::Object exports) {
  keep_loaded();
  try {
    return define_exports(env, exports);
  } catch (const Failure& failure) {
    throw Napi::Error::New(env, failure.message);
  }
}

}  // namespace

NODE_API_MODULE(gru_native, start)

}  // namespace gru::binding
