#pragma once

#include <node_api.h>

#include <span>
#include <vector>

#include "binding/entry.h"
#include "binding/graph_options.h"
#include "binding/promise_job.h"
#include "train/trainer.h"

/// The arguments of a model's calls: `batch`, `inputs` and a list of arrays. They are all read from
/// JavaScript first, which may run JavaScript code. Only then native objects are used.

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
  std::vector<napi_value> arrays;  ///< one for each output of the model
};

/// Reads the first three arguments. Messages name the third one `arrays`.
GivenCall read_given_call(const Arguments& arguments, const char* arrays);
/// The batch and the inputs of an object that messages call `batch`, without arrays.
GivenCall read_given_inputs(napi_env env, napi_value value);
/// A NativeTrainingBatch, or a list of at least one of them.
GivenCall read_given_batch(napi_env env, napi_value value);
std::vector<GivenCall> read_given_batches(napi_env env, napi_value value);

// The functions below run no JavaScript code. They read the arrays in place.

std::vector<InputBatch> read_inputs(const GivenCall& call, const Graph& graph,
                                    const ModelNames& names);
/// `inputs` are the call's inputs.
std::vector<std::span<float>> read_outputs(const GivenCall& call, const Graph& graph,
                                           const ModelNames& names,
                                           std::span<const InputBatch> inputs);
/// Gradients of the outputs, in their shapes; null: empty.
std::vector<std::span<const float>> read_output_gradients(const GivenCall& call, const Graph& graph,
                                                          const ModelNames& names,
                                                          std::span<const InputBatch> inputs);
std::vector<Target> read_targets(const GivenCall& call, const Graph& graph, const ModelNames& names,
                                 std::span<const InputBatch> inputs);

/// Copies the arrays to the job's own memory.
void keep_inputs(PromiseJob& job, std::span<InputBatch> inputs);
void keep_targets(PromiseJob& job, std::span<Target> targets);
/// Gives the call's output arrays memory in the job, from which they are filled at the end.
void keep_outputs(PromiseJob& job, const GivenCall& call, const ModelNames& names,
                  std::span<std::span<float>> outputs);

}  // namespace gru::binding
