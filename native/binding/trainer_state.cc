#include "binding/trainer_state.h"

#include <napi.h>

#include "binding/option_reader.h"
#include "binding/results.h"

namespace gru::binding {

GivenState read_given_state(napi_env env, napi_value value) {
  const OptionReader from(Napi::Value(env, value), "state");
  GivenState given{from.get("updates"), from.get("passes"), from.get("parameters"), {}};
  const OptionReader arrays(from.get("arrays"), "arrays");
  for (const char* name : {"firstMoment", "secondMoment", "average"}) {
    const napi_value array = arrays.get(name);
    if (!is_undefined(env, array)) given.arrays.emplace_back(name, array);
  }
  return given;
}

namespace {

std::vector<float> copy_array(napi_env env, napi_value value, const char* name) {
  const std::span<float> values = read_array<float>(env, value, name);
  return {values.begin(), values.end()};
}

}  // namespace

TrainerState copy_state(napi_env env, const GivenState& given) {
  TrainerState state;
  state.updates = read_integer(env, given.updates, "updates", 0, max_safe_integer);
  state.passes = read_integer(env, given.passes, "passes", 0, max_safe_integer);
  state.parameters = copy_array(env, given.parameters, "parameters");
  for (const auto& [name, value] : given.arrays) {
    state.arrays.push_back({name, copy_array(env, value, name.c_str())});
  }
  return state;
}

napi_value make_state(napi_env env, const TrainerState& state) {
  std::vector<Property> arrays;
  for (const TrainerState::Array& array : state.arrays) {
    arrays.push_back({array.name.c_str(), make_float_array(env, array.values)});
  }
  return make_object(env, {{"updates", make_number(env, static_cast<double>(state.updates))},
                           {"passes", make_number(env, static_cast<double>(state.passes))},
                           {"parameters", make_float_array(env, state.parameters)},
                           {"arrays", make_object(env, arrays)}});
}

}  // namespace gru::binding
