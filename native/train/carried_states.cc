#include "train/carried_states.h"

#include <string>
#include <utility>

namespace gru {

namespace {

/// The reverse direction of a batch would begin with the state of the next batch, which does not
/// exist yet.
Status check_directions(const Graph& graph) {
  for (const GraphState& state : graph.states()) {
    const LayerOptions& layer = graph.options().layers[state.layer];
    const auto* stack = std::get_if<RecurrentOptions>(&layer.kind);
    if (stack == nullptr || !stack->bidirectional) continue;
    return Status::value("carryState: expected recurrent layers of one direction, got layers." +
                         layer.name + " of two");
  }
  return {};
}

}  // namespace

Status CarriedStates::check(const Graph& graph, std::size_t batch) const {
  if (graph.states().empty()) {
    return Status::value(
        "carryState: expected a recurrent layer that reads no initial state, got a model without "
        "one");
  }
  GRU_RETURN_IF_ERROR(check_directions(graph));
  if (batch_ == 0 || batch_ == batch) return {};
  return Status::shape("batch: expected the " + std::to_string(batch_) +
                       " sequences whose states are carried, got " + std::to_string(batch) +
                       ". Reset the state before other sequences");
}

Status CarriedStates::load(Model& model, std::size_t batch, GraphPass& pass) const {
  GRU_RETURN_IF_ERROR(check(model.graph(), batch));
  if (batch_ == 0) return {};
  std::vector<DeviceSpan<const float>> states;
  for (const Buffer<float>& state : states_) states.push_back(state.span());
  return model.graph().load_states(model.device(), states, pass);
}

Status CarriedStates::take(Model& model, std::size_t batch, const GraphPass& pass) {
  const std::span<const GraphState> shapes = model.graph().states();
  next_.resize(shapes.size());
  std::vector<DeviceSpan<float>> states;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    GRU_RETURN_IF_ERROR(next_[i].reserve(model.device(), shapes[i].shape.count(batch)));
    states.push_back(next_[i].span());
  }
  GRU_RETURN_IF_ERROR(model.graph().store_states(model.device(), pass, states));
  next_batch_ = batch;
  return {};
}

void CarriedStates::commit() {
  if (next_batch_ == 0) return;
  states_.swap(next_);
  batch_ = std::exchange(next_batch_, 0);
}

}  // namespace gru
