#include "binding/values.h"

#include <cmath>
#include <type_traits>
#include <vector>

#include "binding/array_memory.h"

namespace gru::binding {

namespace {

constexpr std::size_t longest_quote = 60;

bool is_plain_buffer(napi_env env, napi_value buffer) {
  bool plain = false;
  return napi_is_arraybuffer(env, buffer, &plain) == napi_ok && plain;
}

bool is_detached(napi_env env, napi_value buffer) {
  bool detached = false;
  return napi_is_detached_arraybuffer(env, buffer, &detached) == napi_ok && detached;
}

const char* name_of(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
      return "an Int8Array";
    case napi_uint8_array:
      return "a Uint8Array";
    case napi_uint8_clamped_array:
      return "a Uint8ClampedArray";
    case napi_int16_array:
      return "an Int16Array";
    case napi_uint16_array:
      return "a Uint16Array";
    case napi_int32_array:
      return "an Int32Array";
    case napi_uint32_array:
      return "a Uint32Array";
    case napi_float32_array:
      return "a Float32Array";
    case napi_float64_array:
      return "a Float64Array";
    case napi_bigint64_array:
      return "a BigInt64Array";
    case napi_biguint64_array:
      return "a BigUint64Array";
    default:
      return "a typed array";
  }
}

std::string describe_array(napi_env env, const TypedArray& array) {
  const std::string name = name_of(array.type);
  if (!is_plain_buffer(env, array.buffer)) return name + " over a SharedArrayBuffer";
  if (is_detached(env, array.buffer)) return name + " over a detached ArrayBuffer";
  return name + " of " + std::to_string(array.length);
}

std::string text_of(napi_env env, napi_value string) {
  std::size_t length = 0;
  if (napi_get_value_string_utf8(env, string, nullptr, 0, &length) != napi_ok) return "";
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, string, text.data(), length + 1, &length);
  return text;
}

/// The text of a number, boolean, null or undefined. These conversions run no JavaScript code.
std::string text_of_primitive(napi_env env, napi_value value) {
  napi_value text = nullptr;
  return napi_coerce_to_string(env, value, &text) == napi_ok ? text_of(env, text) : "";
}

std::string quote(const std::string& text) {
  return '"' + (text.size() > longest_quote ? text.substr(0, longest_quote) + "..." : text) + '"';
}

std::string describe_object(napi_env env, napi_value value) {
  TypedArray array;
  if (read_typed_array(env, value, array)) return describe_array(env, array);
  // For an array this reads the length itself and runs no code. It fails for all other values.
  std::uint32_t length = 0;
  if (napi_get_array_length(env, value, &length) != napi_ok) return "an object";
  return "an Array of " + std::to_string(length);
}

template <class T>
constexpr napi_typedarray_type type_of = napi_int8_array;
template <>
constexpr napi_typedarray_type type_of<float> = napi_float32_array;
template <>
constexpr napi_typedarray_type type_of<double> = napi_float64_array;
template <>
constexpr napi_typedarray_type type_of<std::int32_t> = napi_int32_array;

[[noreturn]] void refuse_array(napi_env env, napi_value value, const char* name,
                               napi_typedarray_type expected) {
  TypedArray array;
  const bool right_type = read_typed_array(env, value, array) && array.type == expected;
  const std::string memory = right_type ? " over an ArrayBuffer of fixed length" : "";
  refuse_type(name, name_of(expected) + memory, describe(env, value));
}

}  // namespace

std::string describe(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  switch (type) {
    case napi_undefined:
    case napi_null:
    case napi_boolean:
    case napi_number:
      return text_of_primitive(env, value);
    case napi_string:
      return quote(text_of(env, value));
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_bigint:
      return "a bigint";
    case napi_object:
    case napi_external:
      break;
  }
  return describe_object(env, value);
}

bool is_null(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_null;
}

bool is_undefined(napi_env env, napi_value value) {
  napi_valuetype type = napi_null;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_undefined;
}

std::uint64_t read_integer(napi_env env, napi_value value, const char* name, std::uint64_t minimum,
                           std::uint64_t maximum) {
  double number = 0;
  const bool is_number = napi_get_value_double(env, value, &number) == napi_ok;
  // Comparisons with NaN are false, and a double represents both bounds exactly.
  if (is_number && number >= static_cast<double>(minimum) &&
      number <= static_cast<double>(maximum) && number == std::trunc(number)) {
    return static_cast<std::uint64_t>(number);
  }
  refuse(is_number ? "ERR_GRU_VALUE" : "ERR_GRU_TYPE", name,
         "an integer from " + std::to_string(minimum) + " to " + std::to_string(maximum),
         describe(env, value));
}

std::size_t read_size(napi_env env, napi_value value, const char* name, std::size_t minimum,
                      std::size_t maximum) {
  return static_cast<std::size_t>(read_integer(env, value, name, minimum, maximum));
}

double read_number(napi_env env, napi_value value, const char* name, const std::string& expected) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) == napi_ok) return number;
  refuse_type(name, expected, describe(env, value));
}

bool read_boolean(napi_env env, napi_value value, const char* name) {
  bool boolean = false;
  if (napi_get_value_bool(env, value, &boolean) == napi_ok) return boolean;
  refuse_type(name, "true or false", describe(env, value));
}

std::string read_string(napi_env env, napi_value value, const char* name,
                        const std::string& expected) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  if (type == napi_string) return text_of(env, value);
  refuse_type(name, expected, describe(env, value));
}

template <class T>
std::span<T> read_array(napi_env env, napi_value value, const char* name) {
  constexpr napi_typedarray_type type = type_of<std::remove_const_t<T>>;
  TypedArray array;
  if (!read_typed_array(env, value, array) || array.type != type ||
      !is_plain_buffer(env, array.buffer) ||
      (array.length == 0 && is_detached(env, array.buffer))) {
    refuse_array(env, value, name, type);
  }
  const std::size_t bytes = array.length * sizeof(T);
  if constexpr (std::is_const_v<T>) {
    return {static_cast<T*>(open_to_read(env, array, bytes)), array.length};
  } else {
    return {static_cast<T*>(open_to_write(env, array, bytes)), array.length};
  }
}

template std::span<float> read_array<float>(napi_env, napi_value, const char*);
template std::span<const float> read_array<const float>(napi_env, napi_value, const char*);
template std::span<const double> read_array<const double>(napi_env, napi_value, const char*);
template std::span<const std::int32_t> read_array<const std::int32_t>(napi_env, napi_value,
                                                                      const char*);

}  // namespace gru::binding
