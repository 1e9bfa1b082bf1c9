#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "binding/graph_options.h"
#include "binding/promise_job.h"
#include "model/model.h"

namespace gru::binding {

/// Predictions of single sequences of different lengths, each in arrays of its own, as one call of
/// the model. It copies the sequences to one ragged batch, and the batch's predictions to the
/// arrays of each sequence.
class JointPrediction {
 public:
  /// Reads lists of arrays, and registers the outputs with the job. `inputs` has for each sequence
  /// an array [steps, size] or tokens [steps] of each input of the graph, `outputs` an array
  /// [steps, width] or [width] of each output. Runs no JavaScript code.
  JointPrediction(napi_env env, const Graph& graph, const ModelNames& names,
                  std::span<const napi_value> inputs, std::span<const napi_value> outputs,
                  PromiseJob& job);

  /// On a thread of the executor.
  Status run(Model& model, const AbortFlag* abort);

 private:
  struct Input {
    std::vector<std::int32_t> lengths;
    std::size_t steps = 0;
    std::vector<float> features;
    std::vector<std::int32_t> tokens;
  };
  struct Output {
    std::size_t steps = 0;
    std::vector<float> values;
    std::vector<std::span<float>> sequences;
  };

  // `name` is the name in messages.
  template <class T>
  void read_input(napi_env env, std::size_t input, const std::string& name,
                  std::span<const napi_value> given, std::vector<T>& joined);
  void read_output(napi_env env, std::size_t output, const std::string& name,
                   std::span<const napi_value> given, PromiseJob& job);
  void split(const Output& output, std::size_t width) const;

  const Graph& graph_;
  std::size_t batch_;
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
};

}  // namespace gru::binding
