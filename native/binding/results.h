#pragma once

#include <node_api.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "layers/parameter_layout.h"

/// Makes the JavaScript values that calls return. None of these functions runs JavaScript code.
/// They define properties and never set them, since setting runs setters that other code may have
/// put on Object.prototype or Array.prototype.

namespace gru::binding {

napi_value make_number(napi_env env, double number);
napi_value make_size(napi_env env, std::size_t size);
napi_value make_null(napi_env env);
napi_value make_boolean(napi_env env, bool boolean);
napi_value make_string(napi_env env, std::string_view text);

struct Property {
  const char* name;
  napi_value value;
};

/// An object with these properties of its own.
napi_value make_object(napi_env env, std::span<const Property> properties);
napi_value make_object(napi_env env, std::initializer_list<Property> properties);
/// A new Int32Array.
napi_value make_int32_array(napi_env env, std::span<const std::int32_t> integers);
napi_value make_array(napi_env env, std::span<const napi_value> elements);

/// ParameterSpec[]
napi_value parameter_specs(napi_env env, const ParameterLayout& layout);
/// A Float32Array with a copy of `values`.
napi_value make_float32_array(napi_env env, std::span<const float> values);

}  // namespace gru::binding
