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

/// The first two arguments, without arrays.
GivenCall read_given_inputs(const Arguments& arguments);
/// The first three arguments; messages call the third one `arrays`.
GivenCall read_given_call(const Arguments& arguments, const char* arrays);

// What follows runs no code of JavaScript's. The arrays are read in place.

std::vector<InputBatch> read_inputs(const GivenCall& call, const Graph& graph,
                                    const ModelNames& names);
/// `inputs` are those of the call.
std::vector<std::span<float>> read_outputs(const GivenCall& call, const Graph& graph,
                                           const ModelNames& names,
                                           std::span<const InputBatch> inputs);
std::vector<Target> read_targets(const GivenCall& call, const Graph& graph, const ModelNames& names,
                                 std::span<const InputBatch> inputs);

/// The states that a prediction begins with and those that it ends with: lists of arrays, one for
/// each of Graph::states(), null for none; each list may be absent.
struct GivenStates {
  std::vector<napi_value> initial;
  std::vector<napi_value> final;
};

/// The arguments from number `first` on. May run code of JavaScript's, as read_given_call.
GivenStates read_given_states(const Arguments& arguments, std::size_t first);

struct CallStates {
  std::vector<std::span<const float>> initial;
  std::vector<std::span<float>> final;
};

/// Runs no code of JavaScript's.
CallStates read_states(const GivenCall& call, const GivenStates& given, const Graph& graph,
                       std::size_t batch);

/// Move arrays into the job's own memory.
void keep_inputs(PromiseJob& job, std::span<InputBatch> inputs);
void keep_targets(PromiseJob& job, std::span<Target> targets);
/// Gives the call's arrays places in the job's own memory, from which they are filled in the end.
void keep_outputs(PromiseJob& job, const GivenCall& call, const ModelNames& names,
                  std::span<std::span<float>> outputs);
/// Both: the initial states move, the final ones get places.
void keep_states(PromiseJob& job, const GivenCall& call, const GivenStates& given,
                 const Graph& graph, CallStates& states);

}  // namespace gru::binding
