#pragma once

#include <node_api.h>

#include <string>
#include <utility>
#include <vector>

#include "train/trainer.h"

/// The NativeTrainerState of a trainer: copies, in and out.

namespace gru::binding {

/// The values of a state, none of them looked at yet.
struct GivenState {
  napi_value updates = nullptr;
  napi_value passes = nullptr;
  napi_value parameters = nullptr;
  std::vector<std::pair<std::string, napi_value>> arrays;  ///< those that are there
};

/// Runs the getters of the state.
GivenState read_given_state(napi_env env, napi_value value);
/// Runs no code of JavaScript's.
TrainerState copy_state(napi_env env, const GivenState& given);
napi_value make_state(napi_env env, const TrainerState& state);

}  // namespace gru::binding
