#include "model/graph.h"

#include <algorithm>
#include <string>

#include "base/checks.h"
#include "model/graph_builder.h"

namespace gru {

namespace {

/// Inputs of one group share their rows, so their batches must have the same shape.
Status check_same_shape(const InputOptions& first, const BatchShape& a, const InputOptions& second,
                        const BatchShape& b) {
  const bool same =
      a.steps == b.steps && a.batch == b.batch && std::ranges::equal(a.lengths, b.lengths);
  if (same) return {};
  return Status::shape(second.in_messages() + ": expected the steps and lengths of " +
                       first.in_messages() + ", with which it is joined, got others");
}

/// All inputs must have the same number of sequences. Their lengths may differ.
Status check_same_batch(const InputOptions& first, const BatchShape& a, const InputOptions& second,
                        const BatchShape& b) {
  if (a.batch == b.batch) return {};
  return Status::shape(second.name + ": expected as many sequences as of " + first.name + ", " +
                       std::to_string(a.batch) + ", got " + std::to_string(b.batch));
}

}  // namespace

std::size_t GraphPass::held_bytes() const {
  std::size_t bytes = bytes_of(sorted_states_);
  for (const DeviceRows& rows : rows_) bytes += rows.held_bytes();
  for (const Staged& staged : staged_) bytes += staged.held_bytes();
  for (const SequenceGradient& gradient : gradients_) bytes += gradient.held_bytes();
  for (const Node& node : nodes_) bytes += node.held_bytes();
  return bytes;
}

void GraphPass::trim() {
  rows_.clear();
  staged_.clear();
  edges_.clear();
  gradients_.clear();
  nodes_.clear();
  sorted_states_.clear();
  initial_states_.clear();
  other_sequences_ = {};
}

Status Graph::create(const GraphOptions& options, std::unique_ptr<Graph>& graph) {
  auto made = std::make_unique<Graph>();
  GRU_RETURN_IF_ERROR(GraphBuilder(options).build(*made));
  graph = std::move(made);
  return {};
}

Status Graph::load(Device& device, DeviceSpan<const float> parameters) {
  for (Node& node : nodes_) GRU_RETURN_IF_ERROR(node.layer->load(device, parameters));
  return {};
}

void Graph::trim() {
  for (Node& node : nodes_) node.layer->trim();
}

std::string Graph::option_name(std::size_t edge) const {
  const std::size_t inputs = options_.inputs.size();
  return edge < inputs ? "inputs." + options_.inputs[edge].name
                       : "layers." + options_.layers[edge - inputs].name;
}

std::string Graph::edge_description(std::size_t number) const {
  const std::size_t inputs = options_.inputs.size();
  if (number < inputs) return "the input \"" + options_.inputs[number].name + '"';
  return "the output of layer \"" + options_.layers[number - inputs].name + '"';
}

/// Called once for each pass. After it the edges do not move.
void Graph::wire(GraphPass& pass) const {
  if (!pass.edges_.empty()) return;
  pass.rows_.resize(first_of_group_.size());
  pass.staged_.resize(options_.inputs.size());
  pass.edges_.resize(shapes_.size());
  pass.gradients_.resize(shapes_.size());
  pass.nodes_.resize(nodes_.size());
  pass.sorted_states_.resize(state_count_);
  pass.initial_states_.resize(state_count_);
  for (std::size_t edge = 0; edge < shapes_.size(); ++edge) {
    pass.edges_[edge].rows = &pass.rows_[shapes_[edge].group];
    pass.edges_[edge].every = shapes_[edge].every;
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    for (const std::size_t edge : nodes_[i].inputs) {
      pass.nodes_[i].inputs.push_back(&pass.edges_[edge]);
      pass.nodes_[i].d_inputs.push_back(&pass.gradients_[edge]);
    }
    pass.nodes_[i].kept = nodes_[i].layer->make_pass();
  }
}

Status Graph::check_shapes(std::span<const InputBatch> inputs) const {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::size_t first = first_of_group_[shapes_[i].group];
    const InputOptions& options = options_.inputs[i];
    GRU_RETURN_IF_ERROR(
        first == i ? check_same_batch(options_.inputs[0], inputs[0].shape, options, inputs[i].shape)
                   : check_same_shape(options_.inputs[first], inputs[first].shape, options,
                                      inputs[i].shape));
  }
  return {};
}

Status Graph::load_inputs(Device& device, std::span<const InputBatch> inputs,
                          GraphPass& pass) const {
  wire(pass);
  std::ranges::fill(pass.initial_states_, DeviceSpan<const float>());
  pass.other_sequences_ = {};
  GRU_RETURN_IF_ERROR(check_shapes(inputs));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (first_of_group_[shapes_[i].group] == i) {
      DeviceRows& rows = pass.rows_[shapes_[i].group];
      GRU_RETURN_IF_ERROR(rows.load(device, inputs[i].shape, options_.batch_first));
    }
    GRU_RETURN_IF_ERROR(load_input(device, i, inputs[i], pass));
  }
  return {};
}

Status Graph::load_input(Device& device, std::size_t input, const InputBatch& batch,
                         GraphPass& pass) const {
  pass.edges_[input].version = ++pass.versions_;
  return shapes_[input].tokens ? load_tokens(device, input, batch.tokens, pass)
                               : load_features(device, input, batch.features, pass);
}

Status Graph::load_tokens(Device& device, std::size_t input, std::span<const std::int32_t> tokens,
                          GraphPass& pass) const {
  const InputOptions& options = options_.inputs[input];
  GraphPass::Staged& staged = pass.staged_[input];
  Sequence& edge = pass.edges_[input];
  const RowMap& map = edge.rows->map();
  if (map.rows() > 0) {
    GRU_RETURN_IF_ERROR(
        check_ids(options.in_messages().c_str(), tokens, map.to_padded(), options.size));
  }
  DeviceSpan<const std::int32_t> padded;
  GRU_RETURN_IF_ERROR(stage_input(device, tokens, staged.tokens, padded));
  return edge.rows->pack(device, padded, staged.packed_tokens, edge.tokens);
}

Status Graph::load_features(Device& device, std::size_t input, std::span<const float> features,
                            GraphPass& pass) const {
  const InputOptions& options = options_.inputs[input];
  GraphPass::Staged& staged = pass.staged_[input];
  Sequence& edge = pass.edges_[input];
  DeviceSpan<const float> padded;
  GRU_RETURN_IF_ERROR(stage_input(device, features, staged.features, padded));
  return edge.rows->pack(device, DeviceMatrix<const float>(padded, options.size),
                         staged.packed_features, edge.values);
}

Status Graph::load_states(Device& device, std::span<const DeviceSpan<const float>> states,
                          GraphPass& pass) const {
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].empty()) continue;
    Buffer<float>& sorted = pass.sorted_states_[states_[i].index];
    GRU_RETURN_IF_ERROR(sorted.reserve(device, states[i].size()));
    GRU_RETURN_IF_ERROR(rows_of(states_[i], pass)
                            .sort_batch(device, states[i], sorted.span(), states_[i].shape.width));
    pass.initial_states_[states_[i].index] = sorted.span();
  }
  return {};
}

Status Graph::store_states(Device& device, const GraphPass& pass,
                           std::span<const DeviceSpan<float>> states) const {
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].empty()) continue;
    const GraphState& state = states_[i];
    const DeviceSpan<const float> sorted =
        pass.edges_[edge_of(state.layer)].final(state.shape.kind);
    GRU_RETURN_IF_ERROR(
        rows_of(state, pass).unsort_batch(device, sorted, states[i], state.shape.width));
  }
  return {};
}

Status Graph::store_output(Device& device, const Sequence& edge, std::span<float> values,
                           Buffer<float>& staged) const {
  StagedOutput target;
  GRU_RETURN_IF_ERROR(target.open(device, values, staged));
  const DeviceMatrix<float> padded(target.view(), edge.values.columns());
  GRU_RETURN_IF_ERROR(edge.every == Every::step
                          ? edge.rows->unpack(device, edge.values, padded)
                          : edge.rows->unpack_sequences(device, edge.values, padded));
  return target.finish();
}

Status Graph::store_outputs(Device& device, const GraphPass& pass,
                            std::span<const std::span<float>> outputs,
                            Buffer<float>& staged) const {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    GRU_RETURN_IF_ERROR(store_output(device, output(pass, i), outputs[i], staged));
  }
  return {};
}

std::vector<bool> Graph::learning_edges(const std::vector<bool>& frozen) const {
  std::vector<bool> learns(shapes_.size(), false);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    bool learns_here = false;
    for (std::size_t tensor = 0; tensor < node.tensors; ++tensor) {
      learns_here = learns_here || !frozen[node.first_tensor + tensor];
    }
    for (const std::size_t input : node.inputs) learns_here = learns_here || learns[input];
    learns[edge_of(i)] = learns_here;
  }
  return learns;
}

Status Graph::forward(Device& device, DeviceSpan<const float> parameters, const AbortFlag* abort,
                      GraphPass& pass) {
  pass.mode_ = PassMode::inference;
  pass.dropout_ = {};
  pass.abort_ = abort;
  return run(device, parameters, pass);
}

Status Graph::forward_training(Device& device, DeviceSpan<const float> parameters,
                               const DropoutMask& mask, const AbortFlag* abort, GraphPass& pass) {
  pass.mode_ = PassMode::training;
  pass.dropout_ = mask;
  pass.abort_ = abort;
  GRU_RETURN_IF_ERROR(run(device, parameters, pass));
  const std::vector<bool>& learns = pass.learns_.empty() ? learns_ : pass.learns_;
  for (std::size_t edge = 0; edge < shapes_.size(); ++edge) {
    pass.gradients_[edge].begin(pass.edges_[edge], learns[edge]);
  }
  return {};
}

Status Graph::run(Device& device, DeviceSpan<const float> parameters, GraphPass& pass) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    GRU_RETURN_IF_ERROR(run_layer(device, parameters, i, pass));
  }
  return {};
}

Status Graph::run_layer(Device& device, DeviceSpan<const float> parameters, std::size_t layer,
                        GraphPass& pass) {
  GraphPass::Node& node = pass.nodes_[layer];
  Sequence& edge = pass.edges_[edge_of(layer)];
  const std::size_t rows = edge.row_count();
  const std::size_t width = shapes_[edge_of(layer)].width;
  GRU_RETURN_IF_ERROR(node.values.reserve(device, CheckedSize(rows) * width));
  const DeviceMatrix<float> output(node.values.span().data(), rows, width, width);
  edge.values = output;
  edge.version = ++pass.versions_;
  return nodes_[layer].layer->forward({.device = device,
                                       .parameters = parameters,
                                       .inputs = node.inputs,
                                       .initial_states = states_of(layer, pass),
                                       .other_sequences = pass.other_sequences_,
                                       .output = output,
                                       .edge = edge,
                                       .pass = node.kept.get(),
                                       .mode = pass.mode_,
                                       .dropout = dropout_of(layer, pass),
                                       .shared_reserve = pass.shared_reserve_.get(),
                                       .abort = pass.abort_});
}

std::span<const DeviceSpan<const float>> Graph::states_of(std::size_t node,
                                                          const GraphPass& pass) const {
  return std::span(pass.initial_states_)
      .subspan(nodes_[node].first_state, nodes_[node].states.size());
}

DropoutMask Graph::dropout_of(std::size_t node, const GraphPass& pass) const {
  DropoutMask mask = pass.dropout_;
  mask.stream += nodes_[node].first_stream;
  return mask;
}

Status Graph::open_output_gradient(Device& device, GraphPass& pass, std::size_t output,
                                   DeviceMatrix<float>& gradient) const {
  const std::size_t edge = outputs_[output];
  const std::size_t node = edge - options_.inputs.size();
  SequenceGradient& target = pass.gradients_[edge];
  // No layer reads these values any more, so the gradient may use their memory.
  if (readers_[edge] == 0 && !nodes_[node].layer->reads_output()) {
    const DeviceMatrix<const float> values = pass.edges_[edge].values;
    gradient = {pass.nodes_[node].values.span().data(), values.rows(), values.columns(),
                values.stride()};
    target.use_memory(gradient);
    return {};
  }
  bool add = false;  // an output's gradient is always the first to be written
  return target.open(device, gradient, add);
}

Status Graph::backward(Device& device, DeviceSpan<const float> parameters, const AbortFlag* abort,
                       GraphPass& pass, DeviceSpan<float> gradients) {
  pass.abort_ = abort;
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    GraphPass::Node& node = pass.nodes_[i];
    const std::size_t edge = edge_of(i);
    if (!pass.gradients_[edge].wanted()) continue;
    GRU_RETURN_IF_ERROR(nodes_[i].layer->backward({.device = device,
                                                   .parameters = parameters,
                                                   .inputs = node.inputs,
                                                   .output = pass.edges_[edge],
                                                   .pass = node.kept.get(),
                                                   .d_output = pass.gradients_[edge],
                                                   .d_inputs = node.d_inputs,
                                                   .gradients = gradients,
                                                   .dropout = dropout_of(i, pass),
                                                   .shared_reserve = pass.shared_reserve_.get(),
                                                   .abort = pass.abort_}));
  }
  return {};
}

}  // namespace gru
