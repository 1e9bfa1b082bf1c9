#include "model/inference.h"

namespace gru {

Status Inference::begin() {
  GRU_RETURN_IF_ERROR(model_.refresh());
  GRU_RETURN_IF_ERROR(model_.lanes().borrow(lane_));
  memory().staged_states.resize(graph().states().size());
  return {};
}

Status Inference::forward(const AbortFlag* abort, GraphPass& pass) {
  return model_.forward_on(device(), abort, pass);
}

Status Inference::forward_layers(std::span<const std::size_t> layers, const AbortFlag* abort,
                                 GraphPass& pass) {
  return model_.forward_layers_on(device(), layers, abort, pass);
}

Status Inference::predict(const PredictCall& call) {
  GraphPass& pass = memory().prediction;
  GRU_RETURN_IF_ERROR(load_inputs(call.inputs, pass));
  GRU_RETURN_IF_ERROR(load_states(call.initial_states));
  GRU_RETURN_IF_ERROR(forward(call.abort, pass));
  GRU_RETURN_IF_ERROR(store_outputs(pass, call.outputs));
  return store_states(call.states);
}

Status Inference::load_states(std::span<const std::span<const float>> states) {
  std::vector<DeviceSpan<const float>> given(states.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    GRU_RETURN_IF_ERROR(stage_input(device(), states[i], memory().staged_states[i], given[i]));
  }
  return graph().load_states(device(), given, memory().prediction);
}

Status Inference::store_states(std::span<const std::span<float>> states) {
  std::vector<StagedOutput> targets(states.size());
  std::vector<DeviceSpan<float>> views;
  for (std::size_t i = 0; i < states.size(); ++i) {
    GRU_RETURN_IF_ERROR(targets[i].open(device(), states[i], memory().staged_states[i]));
    views.push_back(targets[i].view());
  }
  GRU_RETURN_IF_ERROR(graph().store_states(device(), memory().prediction, views));
  for (const StagedOutput& target : targets) GRU_RETURN_IF_ERROR(target.finish());
  return {};
}

}  // namespace gru
