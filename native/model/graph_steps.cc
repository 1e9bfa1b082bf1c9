#include <algorithm>
#include <string>

#include "model/graph.h"

/// The functions of a graph for computing layers step by step.

namespace gru {

CheckedSize count_values(std::span<const GraphState> states, std::size_t batch) {
  CheckedSize count = 0;
  for (const GraphState& state : states) count = count + state.shape.count(batch);
  return count;
}

void Graph::begin_step(std::span<const GraphState> states, DeviceSpan<const float> values,
                       GraphPass& pass) const {
  std::size_t offset = 0;
  for (const GraphState& state : states) {
    const std::size_t count =
        state.shape.blocks * rows_of(state, pass).map().batch() * state.shape.width;
    pass.initial_states_[state.index] = values.subspan(offset, count);
    offset += count;
  }
}

Status Graph::end_step(Device& device, const GraphPass& pass, std::span<const GraphState> states,
                       DeviceSpan<float> values) const {
  std::size_t offset = 0;
  for (const GraphState& state : states) {
    const DeviceSpan<const float> from = pass.edges_[edge_of(state.layer)].final(state.shape.kind);
    const DeviceSpan<float> to = values.subspan(offset, from.size());
    GRU_RETURN_IF_ERROR(device.copy(DeviceMatrix<float>(to, state.shape.width),
                                    DeviceMatrix<const float>(from, state.shape.width)));
    offset += from.size();
  }
  return {};
}

std::vector<bool> Graph::edges_behind(std::span<const std::size_t> inputs) const {
  std::vector<bool> behind(shapes_.size(), false);
  for (const std::size_t input : inputs) behind[input] = true;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    behind[edge_of(i)] =
        std::ranges::any_of(nodes_[i].inputs, [&](std::size_t edge) { return behind[edge]; });
  }
  return behind;
}

std::vector<std::size_t> Graph::layers_behind(std::span<const std::size_t> inputs) const {
  const std::vector<bool> behind = edges_behind(inputs);
  std::vector<std::size_t> layers;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (behind[edge_of(i)]) layers.push_back(i);
  }
  return layers;
}

std::vector<std::size_t> Graph::other_edges_of(std::span<const std::size_t> inputs) const {
  const std::vector<bool> behind = edges_behind(inputs);
  std::vector<bool> is_read(shapes_.size(), false);
  for (const std::size_t layer : layers_behind(inputs)) {
    for (const std::size_t edge : nodes_[layer].inputs) is_read[edge] = !behind[edge];
  }
  std::vector<std::size_t> edges;
  for (std::size_t edge = 0; edge < is_read.size(); ++edge) {
    if (is_read[edge]) edges.push_back(edge);
  }
  return edges;
}

std::vector<GraphState> Graph::all_states(std::span<const std::size_t> layers) const {
  std::vector<GraphState> states;
  for (const std::size_t layer : layers) {
    const Node& node = nodes_[layer];
    for (std::size_t i = 0; i < node.states.size(); ++i) {
      states.push_back({layer, node.states[i], node.first_state + i});
    }
  }
  return states;
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
    const std::string input = option_name(node.inputs[i]);
    if (along) {
      return Status::value(name + ": expected " + input +
                           " to be computed step by step, got values that are computed once");
    }
    return Status::value(name +
                         ": expected a layer that computes step by step, got one that needs " +
                         input + " before the first step");
  }
  return {};
}

/// Inputs of one group are joined, so all of them are computed step by step, or none.
Status Graph::check_input_stepwise(std::size_t input, const std::vector<bool>& behind) const {
  for (std::size_t other = 0; other < options_.inputs.size(); ++other) {
    if (behind[other] || shapes_[other].group != shapes_[input].group) continue;
    return Status::value(option_name(input) + ": expected steps of its own, got those of " +
                         option_name(other));
  }
  return {};
}

Status Graph::check_stepwise(std::span<const std::size_t> inputs) const {
  const std::vector<bool> behind = edges_behind(inputs);
  for (const std::size_t input : inputs) GRU_RETURN_IF_ERROR(check_input_stepwise(input, behind));
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
  const std::vector<bool> behind = edges_behind({&partial.input, 1});
  for (std::size_t edge = 0; edge < shapes_.size(); ++edge) {
    if (!behind[edge]) pass.edges_[edge] = partial.others.edges_[edge];
  }
  return load_alone(device, partial.input, partial.batch, partial.other_sequences, pass);
}

Status Graph::load_alone(Device& device, std::size_t input, const InputBatch& batch,
                         std::span<const std::int32_t> other_sequences, GraphPass& pass) const {
  std::ranges::fill(pass.initial_states_, DeviceSpan<const float>());
  pass.other_sequences_ = other_sequences;
  DeviceRows& rows = pass.rows_[shapes_[input].group];
  GRU_RETURN_IF_ERROR(rows.load(device, batch.shape, options_.batch_first));
  return load_input(device, input, batch, pass);
}

Status Graph::copy_edges(Device& device, std::span<const InputBatch> inputs,
                         std::span<const std::size_t> edges, const GraphPass& from,
                         GraphPass& to) const {
  wire(to);
  for (const std::size_t edge : edges) {
    const std::size_t group = shapes_[edge].group;
    const BatchShape& shape = inputs[first_of_group_[group]].shape;
    GRU_RETURN_IF_ERROR(to.rows_[group].load(device, shape, options_.batch_first));
    GRU_RETURN_IF_ERROR(copy_edge(device, edge, from, to));
  }
  return {};
}

Status Graph::copy_edge(Device& device, std::size_t edge, const GraphPass& from,
                        GraphPass& to) const {
  const std::size_t inputs = options_.inputs.size();
  Buffer<float>& values =
      edge < inputs ? to.staged_[edge].packed_features : to.nodes_[edge - inputs].values;
  Sequence& copied = to.edges_[edge];
  const std::size_t rows = copied.row_count();
  const std::size_t width = shapes_[edge].width;
  GRU_RETURN_IF_ERROR(values.reserve(device, CheckedSize(rows) * width));
  const DeviceMatrix<float> copy(values.span().data(), rows, width, width);
  copied.values = copy;
  copied.version = ++to.versions_;
  return rows == 0 ? Status() : device.copy(copy, from.edges_[edge].values);
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
