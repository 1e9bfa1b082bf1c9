#pragma once

#include <node_api.h>

#include <span>
#include <vector>

#include "binding/entry.h"
#include "binding/graph_options.h"
#include "binding/promise_job.h"
#include "train/trainer.h"

/// The arguments of a model's calls: `batch`, `inputs` and a list of arrays. First all of them are
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
  std::vector<napi_value> arrays;  ///< one for each output of the model
};

/// The first three arguments; messages call the third one `arrays`.
GivenCall read_given_call(const Arguments& arguments, const char* arrays);
/// The batch and the inputs of an object, which messages call `batch`; no arrays.
GivenCall read_given_inputs(napi_env env, napi_value value);
/// A NativeTrainingBatch, or a list of at least one of them.
GivenCall read_given_batch(napi_env env, napi_value value);
std::vector<GivenCall> read_given_batches(napi_env env, napi_value value);

// What follows runs no code of JavaScript's. The arrays are read in place.

std::vector<InputBatch> read_inputs(const GivenCall& call, const Graph& graph,
                                    const ModelNames& names);
/// `inputs` are those of the call.
std::vector<std::span<float>> read_outputs(const GivenCall& call, const Graph& graph,
                                           const ModelNames& names,
                                           std::span<const InputBatch> inputs);
/// Gradients of the outputs, in their shapes; null: empty.
std::vector<std::span<const float>> read_output_gradients(const GivenCall& call, const Graph& graph,
                                                          const ModelNames& names,
                                                          std::span<const InputBatch> inputs);
std::vector<Target> read_targets(const GivenCall& call, const Graph& graph, const ModelNames& names,
                                 std::span<const InputBatch> inputs);

/// Move arrays into the job's own memory.
void keep_inputs(PromiseJob& job, std::span<InputBatch> inputs);
void keep_targets(PromiseJob& job, std::span<Target> targets);
/// Gives the call's arrays places in the job's own memory, from which they are filled in the end.
void keep_outputs(PromiseJob& job, const GivenCall& call, const ModelNames& names,
                  std::span<std::span<float>> outputs);

}  // namespace gru::binding
