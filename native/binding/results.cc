#include "binding/results.h"

#include <cstdint>

namespace gru::binding {

namespace {

Napi::Number number(Napi::Env env, std::size_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

Napi::Object parameter_spec(Napi::Env env, const ParameterSpec& spec) {
  Napi::Array shape = Napi::Array::New(env, spec.shape.size());
  std::uint32_t axis = 0;
  for (const std::size_t extent : spec.shape) shape.Set(axis++, number(env, extent));
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", Napi::String::New(env, spec.name));
  object.Set("shape", shape);
  object.Set("offset", number(env, spec.offset));
  object.Set("count", number(env, spec.count));
  return object;
}

}  // namespace

Napi::Value parameter_specs(Napi::Env env, const ParameterLayout& layout) {
  Napi::Array specs = Napi::Array::New(env, layout.specs().size());
  std::uint32_t index = 0;
  for (const ParameterSpec& spec : layout.specs()) specs.Set(index++, parameter_spec(env, spec));
  return specs;
}

Napi::Value step_metrics(Napi::Env env, const StepMetrics& metrics) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("loss", metrics.loss);
  object.Set("gradNorm", metrics.gradient_norm);
  return object;
}

}  // namespace gru::binding
