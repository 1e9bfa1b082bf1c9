#pragma once

#include <node_api.h>

#include <span>
#include <vector>

#include "binding/entry.h"
#include "binding/graph_options.h"
#include "binding/promise_job.h"
#include "binding/targets.h"
#include "train/trainer.h"

/// The arguments of a model's calls: `batch`, `inputs` and a list with one element for each output.
/// They are all read from JavaScript first, which may run JavaScript code. Only then native objects
/// are used.

namespace gru::binding {

/// The values of a call, not yet checked.
struct GivenCall {
  struct Input {
    napi_value steps;
    napi_value lengths;
    napi_value values;
  };

  napi_env env;
  napi_value batch;
  std::vector<Input> inputs;
};

/// With an array for the predictions of each output.
struct PredictionCall : GivenCall {
  std::vector<napi_value> outputs;
};

/// With an array for the gradient of each output, or null.
struct GradientCall : GivenCall {
  std::vector<napi_value> gradients;
};

/// With the target of each output.
struct TrainingCall : GivenCall {
  std::vector<GivenTarget> targets;
  bool carry_state = false;
};

/// Reads the first three arguments.
PredictionCall read_prediction_call(const Arguments& arguments);
/// The batch and the inputs of an object that messages call `batch`.
GivenCall read_given_inputs(napi_env env, napi_value value);
/// Lists of arrays, for a pass that has its inputs already.
PredictionCall read_predictions(napi_env env, napi_value value);
/// The same from argument `place`, which may be absent: then there are no outputs.
PredictionCall read_optional_predictions(const Arguments& arguments, std::size_t place);
GradientCall read_gradients(napi_env env, napi_value value);
/// A NativeTrainingBatch, or a list of at least one of them.
TrainingCall read_training_call(napi_env env, napi_value value);
std::vector<TrainingCall> read_training_calls(napi_env env, napi_value value);

// The functions below run no JavaScript code. They read the arrays in place.

std::vector<InputBatch> read_inputs(const GivenCall& call, const Graph& graph,
                                    const ModelNames& names);
/// `inputs` are the call's inputs.
std::vector<std::span<float>> read_outputs(const PredictionCall& call, const Graph& graph,
                                           const ModelNames& names,
                                           std::span<const InputBatch> inputs);
/// Gradients of the outputs, in their shapes; null: empty.
std::vector<std::span<const float>> read_output_gradients(const GradientCall& call,
                                                          const Graph& graph,
                                                          const ModelNames& names,
                                                          std::span<const InputBatch> inputs);
std::vector<Target> read_targets(const TrainingCall& call, const Graph& graph,
                                 std::span<const InputBatch> inputs);

/// The initial and the final states of a prediction: two lists with an array for each of
/// Graph::states(), or null for none. Each list may be absent.
struct GivenStates {
  std::vector<napi_value> initial;
  std::vector<napi_value> final;
};

/// Reads the arguments from number `first` on. May run JavaScript code, as read_prediction_call.
GivenStates read_given_states(const Arguments& arguments, std::size_t first);

struct CallStates {
  std::vector<std::span<const float>> initial;
  std::vector<std::span<float>> final;
};

/// Runs no JavaScript code.
CallStates read_states(const GivenCall& call, const GivenStates& given, const Graph& graph,
                       std::size_t batch);

/// Copies the arrays to the job's own memory.
void keep_inputs(PromiseJob& job, std::span<InputBatch> inputs);
void keep_targets(PromiseJob& job, std::span<Target> targets);
/// Allocates memory in the job for the call's output arrays, which are filled from it at the end.
void keep_outputs(PromiseJob& job, const PredictionCall& call, const ModelNames& names,
                  std::span<std::span<float>> outputs);
/// Both: copies the initial states, and allocates memory for the final states.
void keep_states(PromiseJob& job, const GivenCall& call, const GivenStates& given,
                 const Graph& graph, CallStates& states);

}  // namespace gru::binding
