#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "binding/values.h"

namespace gru::binding {

/// A JavaScript object with options. Each read runs the property's getter if it has one. A getter
/// may throw; the exception is passed on as a Napi::Error.
class OptionReader {
 public:
  /// `name` is the object's name in messages; `prefix` comes before the names of its options.
  OptionReader(Napi::Value value, const std::string& name, std::string prefix = "");

  Napi::Value get(const char* key) const { return object_.Get(key); }
  /// The name of an option in messages.
  std::string name_of(const char* key) const { return prefix_ + key; }

  /// An integer from `minimum` to the largest extent.
  std::size_t size(const char* key, std::size_t minimum = 1) const;
  std::string text(const char* key) const;
  std::string text_or(const char* key, const char* fallback) const;
  bool boolean(const char* key) const;
  /// A finite number, 0 or more.
  double number(const char* key) const;
  /// A finite number above 0.
  double positive(const char* key) const;
  /// As `number`; null: none.
  std::optional<double> optional_number(const char* key) const;
  bool is_null(const char* key) const { return binding::is_null(env_, get(key)); }
  /// A number from 0 to less than 1.
  double fraction(const char* key) const;
  /// An integer of 32 bits, or null for none.
  std::optional<std::int32_t> optional_int32(const char* key) const;
  /// A copy of a Float32Array of numbers from 0 to `most`, which messages spell out.
  std::vector<float> floats(const char* key, float most, const char* expected) const;
  /// A copy of a Float32Array of finite numbers, 0 or more.
  std::vector<float> weights(const char* key) const;

  /// The value that belongs to the option's string, one of several.
  template <class T>
  T choice(const char* key, std::initializer_list<std::pair<const char*, T>> choices) const {
    std::string expected;
    for (const auto& [name, meaning] : choices) {
      expected += (expected.empty() ? "one of \"" : ", \"") + std::string(name) + '"';
    }
    const Napi::Value value = get(key);
    const std::string text = read_string(env_, value, name_of(key).c_str(), expected);
    for (const auto& [name, meaning] : choices) {
      if (text == name) return meaning;
    }
    refuse_value(name_of(key), expected, describe(env_, value));
  }

  /// The elements of an Array.
  std::vector<Napi::Value> list(const char* key) const;
  std::vector<std::string> texts(const char* key) const;

 private:
  double number_below(const char* key, double limit, const char* expected) const;

  Napi::Env env_;
  Napi::Object object_;
  std::string prefix_;
};

/// A limit, since an Array may report a length that exceeds all memory.
inline constexpr std::uint32_t max_list = 65536;

/// The length of an Array. Messages name it `name`.
std::uint32_t read_list_length(napi_env env, napi_value value, const char* name);

/// Passes the elements of an Array to `read`, one after another. Runs their getters if it has any.
template <class Read>
void read_list(napi_env env, napi_value value, const char* name, const Read& read) {
  const std::uint32_t length = read_list_length(env, value, name);
  for (std::uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    check_call(napi_get_element(env, value, i, &element));
    read(element);
  }
}

}  // namespace gru::binding
