#pragma once

#include <node_api.h>

#include <span>
#include <vector>

#include "binding/entry.h"
#include "binding/graph_options.h"
#include "binding/promise_job.h"
#include "binding/targets.h"
#include "train/trainer.h"

/// The arguments of a model's calls: `batch`, `inputs` and a list with something for
/// each output. First all of them are
/// read from JavaScript, which may run code of its own; only then is a native object looked at.

namespace gru::binding {

/// The values of a call, none of them looked at yet.
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

/// With what each output should have been.
struct TrainingCall : GivenCall {
  std::vector<GivenTarget> targets;
};

/// The first three arguments.
PredictionCall read_prediction_call(const Arguments& arguments);
TrainingCall read_training_call(const Arguments& arguments);

// What follows runs no code of JavaScript's. The arrays are read in place.

std::vector<InputBatch> read_inputs(const GivenCall& call, const Graph& graph,
                                    const ModelNames& names);
/// `inputs` are those of the call.
std::vector<std::span<float>> read_outputs(const PredictionCall& call, const Graph& graph,
                                           const ModelNames& names,
                                           std::span<const InputBatch> inputs);
std::vector<Target> read_targets(const TrainingCall& call, const Graph& graph,
                                 std::span<const InputBatch> inputs);

/// Move arrays into the job's own memory.
void keep_inputs(PromiseJob& job, std::span<InputBatch> inputs);
void keep_targets(PromiseJob& job, std::span<Target> targets);
/// Gives the call's arrays places in the job's own memory, from which they are filled in the end.
void keep_outputs(PromiseJob& job, const PredictionCall& call, const ModelNames& names,
                  std::span<std::span<float>> outputs);

}  // namespace gru::binding
