#include "train/carried_states.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gru {

namespace {

/// The reverse direction of a batch begins where the next batch begins, which is not there yet.
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
  return Status::shape("batch: expected " + std::to_string(batch_) +
                       ", as the number of sequences whose states are carried, got " +
                       std::to_string(batch) + ". Reset the state before other sequences");
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

Status CarriedStates::read(Device& device, CarriedCopy& copy) const {
  copy = {batch_, {}};
  if (batch_ == 0) return {};
  for (const Buffer<float>& state : states_) {
    GRU_RETURN_IF_ERROR(device.download(copy.values.emplace_back(state.size()),
                                        DeviceSpan<const float>(state.span())));
  }
  return {};
}

bool CarriedStates::fits(const Graph& graph, const CarriedCopy& copy) {
  if (copy.batch == 0) return copy.values.empty();
  return std::ranges::equal(graph.states(), copy.values,
                            [&](const GraphState& state, const std::vector<float>& values) {
                              return state.shape.count(copy.batch).elements() == values.size();
                            });
}

Status CarriedStates::write(Model& model, const CarriedCopy& copy) {
  states_.resize(copy.values.size());
  for (std::size_t i = 0; i < states_.size(); ++i) {
    GRU_RETURN_IF_ERROR(states_[i].reserve(model.device(), copy.values[i].size()));
    GRU_RETURN_IF_ERROR(model.device().upload(states_[i].span(), copy.values[i]));
  }
  batch_ = copy.batch;
  return {};
}

}  // namespace gru
