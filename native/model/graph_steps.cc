#include <algorithm>
#include <string>

#include "model/graph.h"

/// The functions of a graph for computing the layers behind one of its inputs step by step.

namespace gru {

std::vector<bool> Graph::edges_behind(std::size_t input) const {
  std::vector<bool> behind(shapes_.size(), false);
  behind[input] = true;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    behind[edge_of(i)] =
        std::ranges::any_of(nodes_[i].inputs, [&](std::size_t edge) { return behind[edge]; });
  }
  return behind;
}

std::vector<std::size_t> Graph::layers_behind(std::size_t input) const {
  const std::vector<bool> behind = edges_behind(input);
  std::vector<std::size_t> layers;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (behind[edge_of(i)]) layers.push_back(i);
  }
  return layers;
}

Status Graph::check_layer_stepwise(std::size_t layer, const std::vector<bool>& behind) const {
  const Node& node = nodes_[layer];
  const std::string name = option_name(edge_of(layer));
  if (!node.layer->computes_stepwise()) {
    return Status::value(name +
                         ": expected a layer that computes step by step, got one that looks "
                         "at whole sequences");
  }
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const bool along = i == 0 || node.layer->joins_inputs();
    if (behind[node.inputs[i]] == along) continue;
    return Status::value(name + ": expected " + option_name(node.inputs[i]) +
                         (along ? " to come from the input that is computed step by step"
                                : " to come from other inputs than the one that is computed step "
                                  "by step"));
  }
  return {};
}

Status Graph::check_stepwise(std::size_t input, std::size_t output) const {
  const std::vector<bool> behind = edges_behind(input);
  if (!shapes_[input].tokens) {
    return Status::value(option_name(input) + ": expected tokens, got values");
  }
  if (!behind[outputs_[output]]) {
    return Status::value(option_name(outputs_[output]) + ": expected a layer that depends on " +
                         option_name(input));
  }
  for (std::size_t other = 0; other < options_.inputs.size(); ++other) {
    if (other == input || shapes_[other].group != shapes_[input].group) continue;
    return Status::value(option_name(input) + ": expected steps of its own, got those of " +
                         option_name(other));
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (behind[edge_of(i)]) GRU_RETURN_IF_ERROR(check_layer_stepwise(i, behind));
  }
  return {};
}

Status Graph::forward_layers(Device& device, DeviceSpan<const float> parameters,
                             std::span<const std::size_t> layers, const AbortFlag* abort,
                             GraphPass& pass) {
  pass.mode_ = PassMode::inference;
  pass.dropout_ = {};
  pass.abort_ = abort;
  for (const std::size_t layer : layers) {
    GRU_RETURN_IF_ERROR(run_layer(device, parameters, layer, pass));
  }
  return {};
}

Status Graph::load_partial(Device& device, const PartialBatch& partial, GraphPass& pass) const {
  wire(pass);
  std::ranges::fill(pass.initial_states_, DeviceSpan<const float>());
  pass.other_sequences_ = partial.other_sequences;
  const std::vector<bool> behind = edges_behind(partial.input);
  for (std::size_t edge = 0; edge < shapes_.size(); ++edge) {
    if (!behind[edge]) pass.edges_[edge] = partial.others.edges_[edge];
  }
  DeviceRows& rows = pass.rows_[shapes_[partial.input].group];
  GRU_RETURN_IF_ERROR(rows.load(device, partial.batch.shape, options_.batch_first));
  return load_input(device, partial.input, partial.batch, pass);
}

Status Graph::gather_states(Device& device, const GraphPass& pass,
                            std::span<const std::size_t> layers,
                            DeviceSpan<const std::int32_t> parents,
                            std::vector<Buffer<float>>& states) const {
  states.resize(state_count_);
  for (const std::size_t layer : layers) {
    const Node& node = nodes_[layer];
    const Sequence& edge = pass.edges_[edge_of(layer)];
    const std::size_t batch = edge.rows->map().batch();
    for (std::size_t i = 0; i < node.states.size(); ++i) {
      const StateShape& shape = node.states[i];
      Buffer<float>& state = states[node.first_state + i];
      GRU_RETURN_IF_ERROR(state.reserve(device, shape.count(parents.size())));
      const DeviceMatrix<const float> from(edge.final(shape.kind), shape.width);
      const DeviceMatrix<float> to(state.span(), shape.width);
      for (std::size_t block = 0; block < shape.blocks; ++block) {
        GRU_RETURN_IF_ERROR(device.gather_rows(to.row_range(block * parents.size(), parents.size()),
                                               from.row_range(block * batch, batch), parents));
      }
    }
  }
  return {};
}

void Graph::begin_with(std::span<const std::size_t> layers, std::vector<Buffer<float>>& states,
                       GraphPass& pass) const {
  for (const std::size_t layer : layers) {
    const Node& node = nodes_[layer];
    for (std::size_t i = 0; i < node.states.size(); ++i) {
      const std::size_t index = node.first_state + i;
      pass.initial_states_[index] = states[index].span();
    }
  }
}

}  // namespace gru
