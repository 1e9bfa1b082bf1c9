#pragma once

#include <node_api.h>

#include <cstdint>
#include <span>
#include <vector>

#include "binding/failure.h"
#include "binding/values.h"

/// The arrays of the reference's calls, in copies: reading an object's properties may run code that
/// changes an array.

namespace gru::binding {

/// Copies an array that is not empty. The reference treats an empty array as absent.
template <class T>
std::vector<T> copy_of(napi_env env, napi_value value, const char* name) {
  const std::span<const T> from = read_array<const T>(env, value, name);
  if (from.empty()) refuse("ERR_GRU_SHAPE", name, "at least 1 value", "0 values");
  return {from.begin(), from.end()};
}

template <class T>
std::vector<T> optional_copy_of(napi_env env, napi_value value, const char* name) {
  return is_null(env, value) ? std::vector<T>() : copy_of<T>(env, value, name);
}

napi_value float64_array(napi_env env, std::span<const double> values);

}  // namespace gru::binding
