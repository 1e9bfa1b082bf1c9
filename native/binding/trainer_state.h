#pragma once

#include <node_api.h>

#include <string>
#include <utility>
#include <vector>

#include "train/trainer.h"

/// Copies between a trainer's state and a NativeTrainerState.

namespace gru::binding {

/// The values of a state before any check.
struct GivenState {
  napi_value updates = nullptr;
  napi_value passes = nullptr;
  napi_value parameters = nullptr;
  struct Carried {
    napi_value batch = nullptr;
    std::vector<napi_value> values;
  };
  std::vector<Carried> carried;
  std::vector<std::pair<std::string, napi_value>> arrays;  ///< the arrays that are present
};

/// Runs the getters of the state.
GivenState read_given_state(napi_env env, napi_value value);
/// Runs no code of JavaScript's.
TrainerState copy_state(napi_env env, const GivenState& given);
napi_value make_state(napi_env env, const TrainerState& state);

}  // namespace gru::binding
