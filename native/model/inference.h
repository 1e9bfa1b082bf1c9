#pragma once

#include <span>

#include "model/inference_memory.h"
#include "model/model.h"

namespace gru {

/// One call that computes outputs of a model and changes nothing of it. Such calls may run at the
/// same time on different threads, if the model's device allows it: each has memory of its own.
class Inference {
 public:
  explicit Inference(Model& model) : model_(model) {}

  /// Must succeed before the other functions. The parameters are those of this moment.
  Status begin();

  const Graph& graph() const { return model_.graph(); }
  Device& device() const { return lane_.device(); }
  InferenceMemory& memory() const { return lane_.memory(); }

  Status predict(const PredictCall& call);
  Status load_inputs(std::span<const InputBatch> inputs, GraphPass& pass) {
    return graph().load_inputs(device(), inputs, pass);
  }
  Status forward(const AbortFlag* abort, GraphPass& pass);
  /// Of some layers, as of Graph::forward_layers.
  Status forward_layers(std::span<const std::size_t> layers, const AbortFlag* abort,
                        GraphPass& pass);
  /// Copies the values of an output to the host's memory.
  Status store_output(const GraphPass& pass, std::size_t output, std::span<float> values) {
    return graph().store_output(device(), graph().output(pass, output), values,
                                memory().staged_output);
  }
  /// Copies the values of all outputs to the host's memory.
  Status store_outputs(const GraphPass& pass, std::span<const std::span<float>> outputs) {
    return graph().store_outputs(device(), pass, outputs, memory().staged_output);
  }

 private:
  Status load_states(std::span<const std::span<const float>> states);
  Status store_states(std::span<const std::span<float>> states);

  Model& model_;
  Lanes<InferenceMemory>::Borrowed lane_;
};

}  // namespace gru
