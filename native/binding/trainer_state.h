#pragma once

#include <node_api.h>

#include <span>
#include <string>
#include <vector>

#include "train/trainer.h"

/// Copies between a trainer's state and NativeTrainerState and NativeTrainerCounts.

namespace gru::binding {

/// The values of a state before any check.
struct GivenState {
  napi_value updates = nullptr;
  napi_value passes = nullptr;
  struct Carried {
    napi_value batch = nullptr;
    std::vector<napi_value> values;
  };
  std::vector<Carried> carried;
  std::vector<std::string> arrays;
};

/// Runs the getters of the state.
GivenState read_given_state(napi_env env, napi_value value);
/// Runs no code of JavaScript's.
TrainerState copy_state(napi_env env, const GivenState& given);
/// `arrays` has the model's parameters, and then the arrays of the state.
napi_value make_state(napi_env env, const TrainerState& state, std::span<const napi_value> arrays);

}  // namespace gru::binding
