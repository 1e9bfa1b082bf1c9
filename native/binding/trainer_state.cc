#include "binding/trainer_state.h"

#include <napi.h>

#include "binding/option_reader.h"
#include "binding/results.h"

namespace gru::binding {

namespace {

GivenState::Carried read_given_carried(napi_env env, napi_value value) {
  const OptionReader from(Napi::Value(env, value), "carried");
  GivenState::Carried given{from.get("batch"), {}};
  read_list(env, from.get("values"), "values",
            [&](napi_value values) { given.values.push_back(values); });
  return given;
}

std::vector<float> copy_array(napi_env env, napi_value value, const char* name) {
  const std::span<const float> values = read_array<const float>(env, value, name);
  return {values.begin(), values.end()};
}

CarriedCopy copy_carried(napi_env env, const GivenState::Carried& given) {
  CarriedCopy copy{read_size(env, given.batch, "batch", 0, max_extent), {}};
  for (const napi_value values : given.values) {
    copy.values.push_back(copy_array(env, values, "values"));
  }
  return copy;
}

napi_value make_carried(napi_env env, const CarriedCopy& copy) {
  std::vector<napi_value> values;
  for (const std::vector<float>& array : copy.values) {
    values.push_back(make_float32_array(env, array));
  }
  return make_object(env, {{"batch", make_number(env, static_cast<double>(copy.batch))},
                           {"values", make_array(env, values)}});
}

}  // namespace

GivenState read_given_state(napi_env env, napi_value value) {
  const OptionReader from(Napi::Value(env, value), "state");
  GivenState given{from.get("updates"), from.get("passes"), {}, from.texts("arrays")};
  read_list(env, from.get("carried"), "carried",
            [&](napi_value carried) { given.carried.push_back(read_given_carried(env, carried)); });
  return given;
}

TrainerState copy_state(napi_env env, const GivenState& given) {
  TrainerState state;
  state.updates = read_integer(env, given.updates, "updates", 0, max_safe_integer);
  state.passes = read_integer(env, given.passes, "passes", 0, max_safe_integer);
  for (const GivenState::Carried& carried : given.carried) {
    state.carried.push_back(copy_carried(env, carried));
  }
  state.arrays = given.arrays;
  return state;
}

napi_value make_state(napi_env env, const TrainerState& state, std::span<const napi_value> arrays) {
  std::vector<Property> named;
  for (std::size_t i = 0; i < state.arrays.size(); ++i) {
    named.push_back({state.arrays[i].c_str(), arrays[i + 1]});
  }
  std::vector<napi_value> carried;
  for (const CarriedCopy& copy : state.carried) carried.push_back(make_carried(env, copy));
  return make_object(env, {{"updates", make_number(env, static_cast<double>(state.updates))},
                           {"passes", make_number(env, static_cast<double>(state.passes))},
                           {"parameters", arrays[0]},
                           {"carried", make_array(env, carried)},
                           {"arrays", make_object(env, named)}});
}

}  // namespace gru::binding
