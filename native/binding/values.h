#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "binding/failure.h"

/// Reads single JavaScript values. None of these functions runs JavaScript code, so none of them
/// can change what an earlier one returned. All throw a Failure that names the argument.

namespace gru::binding {

/// The largest integer that a JavaScript number holds exactly.
inline constexpr std::uint64_t max_safe_integer = (std::uint64_t{1} << 53) - 1;
/// The largest number of steps or sequences.
inline constexpr std::size_t max_extent = (std::size_t{1} << 31) - 1;

/// A short description of a value, for messages.
std::string describe(napi_env env, napi_value value);

bool is_null(napi_env env, napi_value value);
bool is_undefined(napi_env env, napi_value value);

/// Fails with ERR_GRU_TYPE if it is no number, with ERR_GRU_VALUE if it is no integer or out of
/// range.
std::uint64_t read_integer(napi_env env, napi_value value, const char* name, std::uint64_t minimum,
                           std::uint64_t maximum);
/// The same for a number of elements.
std::size_t read_size(napi_env env, napi_value value, const char* name, std::size_t minimum,
                      std::size_t maximum);
/// These two fail with ERR_GRU_TYPE for any other value. The message says what was `expected`.
double read_number(napi_env env, napi_value value, const char* name, const std::string& expected);
std::string read_string(napi_env env, napi_value value, const char* name,
                        const std::string& expected);
bool read_boolean(napi_env env, napi_value value, const char* name);

/// The elements of a typed array, in place, until the call ends (ArrayScope). Later JavaScript code
/// may detach them. Refuses with ERR_GRU_TYPE detached memory, and shared memory, which another
/// thread may change between a check and a use. T is float for an array that the call writes,
/// const float, const double or const std::int32_t for one that it reads.
template <class T>
std::span<T> read_array(napi_env env, napi_value value, const char* name);

}  // namespace gru::binding
