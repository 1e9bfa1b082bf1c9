#include "binding/option_reader.h"

#include <cmath>
#include <limits>

namespace gru::binding {

OptionReader::OptionReader(Napi::Value value, const std::string& name, std::string prefix)
    : env_(value.Env()), prefix_(std::move(prefix)) {
  if (!value.IsObject()) refuse_type(name, "an object", describe(env_, value));
  object_ = value.As<Napi::Object>();
}

std::size_t OptionReader::size(const char* key, std::size_t minimum) const {
  return read_size(env_, get(key), name_of(key).c_str(), minimum, max_extent);
}

std::string OptionReader::text(const char* key) const {
  return read_string(env_, get(key), name_of(key).c_str(), "a string");
}

std::string OptionReader::text_or(const char* key, const char* fallback) const {
  return is_undefined(env_, get(key)) ? fallback : text(key);
}

bool OptionReader::boolean(const char* key) const {
  return read_boolean(env_, get(key), name_of(key).c_str());
}

double OptionReader::number(const char* key) const {
  return number_below(key, std::numeric_limits<double>::infinity(), "a finite number at least 0");
}

double OptionReader::positive(const char* key) const {
  const double read = number(key);
  if (read > 0) return read;
  refuse_value(name_of(key), "a finite number above 0", "0");
}

std::optional<double> OptionReader::optional_number(const char* key) const {
  return is_null(key) ? std::nullopt : std::optional(number(key));
}

double OptionReader::fraction(const char* key) const {
  return number_below(key, 1, "a finite number at least 0 and below 1");
}

double OptionReader::number_below(const char* key, double limit, const char* expected) const {
  const Napi::Value value = get(key);
  const double number = read_number(env_, value, name_of(key).c_str(), expected);
  if (number >= 0 && number < limit) return number;
  refuse_value(name_of(key), expected, describe(env_, value));
}

std::optional<std::int32_t> OptionReader::optional_int32(const char* key) const {
  const char* expected = "an integer of 32 bits, or null";
  const Napi::Value value = get(key);
  if (binding::is_null(env_, value)) return std::nullopt;
  const double number = read_number(env_, value, name_of(key).c_str(), expected);
  using Limits = std::numeric_limits<std::int32_t>;
  if (number >= Limits::min() && number <= Limits::max() && number == std::trunc(number)) {
    return static_cast<std::int32_t>(number);
  }
  refuse_value(name_of(key), expected, describe(env_, value));
}

std::vector<float> OptionReader::floats(const char* key, float most, const char* expected) const {
  const std::string name = name_of(key);
  const std::span<const float> values = read_array<const float>(env_, get(key), name.c_str());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= 0 && values[i] <= most) continue;
    const Napi::Value got = Napi::Number::New(env_, static_cast<double>(values[i]));
    refuse_value(name + "[" + std::to_string(i) + "]", expected, describe(env_, got));
  }
  return {values.begin(), values.end()};
}

std::vector<float> OptionReader::weights(const char* key) const {
  return floats(key, std::numeric_limits<float>::max(), "a finite number at least 0");
}

std::vector<Napi::Value> OptionReader::list(const char* key) const {
  std::vector<Napi::Value> values;
  read_list(env_, get(key), name_of(key).c_str(),
            [&](napi_value element) { values.emplace_back(env_, element); });
  return values;
}

std::vector<std::string> OptionReader::texts(const char* key) const {
  std::vector<std::string> texts;
  for (const Napi::Value& element : list(key)) {
    const std::string name = name_of(key) + "[" + std::to_string(texts.size()) + "]";
    texts.push_back(read_string(env_, element, name.c_str(), "a string"));
  }
  return texts;
}

std::uint32_t read_list_length(napi_env env, napi_value value, const char* name) {
  bool is_array = false;
  std::uint32_t length = 0;
  check_call(napi_is_array(env, value, &is_array));
  if (is_array) check_call(napi_get_array_length(env, value, &length));
  if (is_array && length <= max_list) return length;
  refuse_type(name, "an Array of at most " + std::to_string(max_list), describe(env, value));
}

}  // namespace gru::binding
