#include "binding/results.h"

#include <string>
#include <vector>

#include "binding/array_memory.h"
#include "binding/failure.h"

namespace gru::binding {

namespace {

void define(napi_env env, napi_value object, Property property) {
  const napi_property_descriptor descriptor{
      property.name,           nullptr, nullptr, nullptr, nullptr, property.value,
      napi_default_jsproperty, nullptr};
  check_call(napi_define_properties(env, object, 1, &descriptor));
}

napi_value parameter_spec(napi_env env, const ParameterSpec& spec) {
  std::vector<napi_value> shape;
  for (const std::size_t extent : spec.shape) shape.push_back(make_size(env, extent));
  return make_object(env, {{"name", make_string(env, spec.name)},
                           {"shape", make_array(env, shape)},
                           {"offset", make_size(env, spec.offset)},
                           {"count", make_size(env, spec.count)}});
}

}  // namespace

napi_value make_number(napi_env env, double number) {
  napi_value value = nullptr;
  check_call(napi_create_double(env, number, &value));
  return value;
}

napi_value make_size(napi_env env, std::size_t size) {
  return make_number(env, static_cast<double>(size));
}

napi_value make_null(napi_env env) {
  napi_value value = nullptr;
  check_call(napi_get_null(env, &value));
  return value;
}

napi_value make_boolean(napi_env env, bool boolean) {
  napi_value value = nullptr;
  check_call(napi_get_boolean(env, boolean, &value));
  return value;
}

napi_value make_string(napi_env env, std::string_view text) {
  napi_value value = nullptr;
  check_call(napi_create_string_utf8(env, text.data(), text.size(), &value));
  return value;
}

napi_value make_object(napi_env env, std::initializer_list<Property> properties) {
  return make_object(env, std::span<const Property>(properties.begin(), properties.size()));
}

napi_value make_object(napi_env env, std::span<const Property> properties) {
  napi_value object = nullptr;
  check_call(napi_create_object(env, &object));
  for (const Property& property : properties) define(env, object, property);
  return object;
}

napi_value make_array(napi_env env, std::span<const napi_value> elements) {
  napi_value array = nullptr;
  check_call(napi_create_array_with_length(env, elements.size(), &array));
  for (std::size_t i = 0; i < elements.size(); ++i) {
    define(env, array, {std::to_string(i).c_str(), elements[i]});
  }
  return array;
}

napi_value make_int32_array(napi_env env, std::span<const std::int32_t> values) {
  return make_typed_array(env, napi_int32_array, values.size(), std::as_bytes(values));
}

napi_value make_float32_array(napi_env env, std::span<const float> values) {
  return make_typed_array(env, napi_float32_array, values.size(), std::as_bytes(values));
}

napi_value parameter_specs(napi_env env, const ParameterLayout& layout) {
  std::vector<napi_value> specs;
  for (const ParameterSpec& spec : layout.specs()) specs.push_back(parameter_spec(env, spec));
  return make_array(env, specs);
}

}  // namespace gru::binding
