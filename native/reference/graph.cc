#include "reference/graph.h"

#include <algorithm>
#include <utility>

#include "reference/algebra.h"
#include "reference/graph_layers.h"

namespace gru {

using reference::add;
using reference::check_count;
using reference::clear_padding;
using reference::EdgeGradient;
using reference::Gradients;
using reference::valid_rows;
using reference::Values;

namespace {

/// One walk over the layers. It finds the offset of each layer's parameters, and its dropout
/// streams.
class Walk {
 public:
  Walk(const GraphOptions& options, Values parameters, std::span<const ReferenceBatch> inputs,
       const DropoutMask& mask)
      : options_(options), parameters_(parameters), inputs_(inputs), mask_(mask) {}

  Status forward();
  Status backward(std::span<const ReferenceTarget> targets, ReferenceGraphGradients& result);
  ReferenceEdges& edges() { return edges_; }

 private:
  struct Node {
    const LayerOptions* options;
    std::size_t offset;  // of its parameters
    std::size_t count;
    DropoutMask mask;
    std::vector<const ReferenceEdge*> inputs;
  };

  Status read_inputs();
  Status compute(const Node& node);
  Status learn(const Node& node, Gradients d_parameters);
  Status loss_of(const OutputOptions& output, const ReferenceTarget& target,
                 ReferenceGraphGradients& result);
  EdgeGradient& gradient_of(const std::string& name);

  Values parameters_of(const Node& node) const {
    return parameters_.subspan(node.offset, node.count);
  }

  const GraphOptions& options_;
  Values parameters_;
  std::span<const ReferenceBatch> inputs_;
  DropoutMask mask_;
  std::vector<Node> nodes_;
  ReferenceEdges edges_;
  std::map<std::string, EdgeGradient> gradients_;
};

std::vector<std::size_t> widths_of(std::span<const ReferenceEdge* const> edges) {
  std::vector<std::size_t> widths;
  for (const ReferenceEdge* edge : edges) widths.push_back(edge->width);
  return widths;
}

// ---- Forward

Status Walk::read_inputs() {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const InputOptions& input = options_.inputs[i];
    const ReferenceBatch& batch = inputs_[i];
    const CheckedSize rows = CheckedSize(batch.steps) * batch.batch;
    ReferenceEdge edge;
    edge.steps = batch.steps;
    edge.batch = batch.batch;
    edge.width = input.size;
    GRU_RETURN_IF_ERROR(reference_lengths(batch.steps, batch.batch, batch.lengths, edge.lengths));
    GRU_RETURN_IF_ERROR(
        input.tokens ? check_count(input.name.c_str(), "steps*batch", rows, batch.tokens.size())
                     : check_count(input.name.c_str(), "steps*batch*size", rows * input.size,
                                   batch.features.size()));
    edge.values.assign(batch.features.begin(), batch.features.end());
    edge.tokens.assign(batch.tokens.begin(), batch.tokens.end());
    edges_[input.name] = std::move(edge);
  }
  return {};
}

Status Walk::forward() {
  GRU_RETURN_IF_ERROR(check_count("parameters", "the layers' count",
                                  reference_graph_parameter_count(options_), parameters_.size()));
  GRU_RETURN_IF_ERROR(read_inputs());
  std::size_t offset = 0;
  for (const LayerOptions& layer : options_.layers) {
    Node node{&layer, offset, 0, mask_, {}};
    for (const std::string& input : layer.inputs) node.inputs.push_back(&edges_.at(input));
    node.count = reference::count_of(layer, widths_of(node.inputs));
    GRU_RETURN_IF_ERROR(compute(node));
    offset += node.count;
    mask_.stream += reference::streams_of(layer);
    nodes_.push_back(std::move(node));
  }
  return {};
}

Status Walk::compute(const Node& node) {
  ReferenceEdge output;
  output.steps = node.inputs[0]->steps;
  output.batch = node.inputs[0]->batch;
  output.lengths = node.inputs[0]->lengths;
  output.every = node.inputs[0]->every;
  output.width = reference::width_of(*node.options, widths_of(node.inputs));
  const reference::Forward call{parameters_of(node), node.inputs, node.mask, output};
  GRU_RETURN_IF_ERROR(std::visit([&](const auto& kind) { return reference::forward(kind, call); },
                                 node.options->kind));
  clear_padding(output, output.values);
  edges_[node.options->name] = std::move(output);
  return {};
}

// ---- Backward

EdgeGradient& Walk::gradient_of(const std::string& name) {
  EdgeGradient& gradient = gradients_[name];
  const ReferenceEdge& edge = edges_.at(name);
  gradient.values.resize(edge.values.size());
  gradient.state.resize(edge.recurrent.state.size());
  return gradient;
}

Status Walk::loss_of(const OutputOptions& output, const ReferenceTarget& target,
                     ReferenceGraphGradients& result) {
  const ReferenceEdge& edge = edges_.at(output.layer);
  const std::vector<std::uint8_t> valid = valid_rows(edge);
  const ReferenceRows rows{valid.size(), edge.width, valid};
  ReferenceLoss loss;
  GRU_RETURN_IF_ERROR(reference_loss(output.loss, rows, edge.values, target, loss));
  result.loss += output.weight * loss.loss;
  for (double& gradient : loss.gradient) gradient *= output.weight;
  add(loss.gradient, gradient_of(output.layer).values);
  result.outputs.push_back(std::move(loss.gradient));
  return {};
}

Status Walk::backward(std::span<const ReferenceTarget> targets, ReferenceGraphGradients& result) {
  result.loss = 0;
  result.parameters.assign(parameters_.size(), 0.0);
  result.outputs.clear();
  for (std::size_t i = 0; i < options_.outputs.size(); ++i) {
    GRU_RETURN_IF_ERROR(loss_of(options_.outputs[i], targets[i], result));
  }
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    GRU_RETURN_IF_ERROR(
        learn(nodes_[i], Gradients(result.parameters).subspan(nodes_[i].offset, nodes_[i].count)));
  }
  return {};
}

Status Walk::learn(const Node& node, Gradients d_parameters) {
  const ReferenceEdge& output = edges_.at(node.options->name);
  EdgeGradient& d_output = gradient_of(node.options->name);
  clear_padding(output, d_output.values);
  std::vector<EdgeGradient*> d_inputs;
  for (const std::string& input : node.options->inputs) d_inputs.push_back(&gradient_of(input));
  const reference::Backward call{
      parameters_of(node), node.inputs, node.mask, output, d_output, d_inputs, d_parameters};
  return std::visit([&](const auto& kind) { return reference::backward(kind, call); },
                    node.options->kind);
}

}  // namespace

std::size_t reference_graph_parameter_count(const GraphOptions& options) {
  std::map<std::string, std::size_t> widths;
  for (const InputOptions& input : options.inputs) widths[input.name] = input.size;
  std::size_t count = 0;
  for (const LayerOptions& layer : options.layers) {
    std::vector<std::size_t> inputs;
    for (const std::string& input : layer.inputs) inputs.push_back(widths.at(input));
    count += reference::count_of(layer, inputs);
    widths[layer.name] = reference::width_of(layer, inputs);
  }
  return count;
}

Status reference_graph_forward(const GraphOptions& options, Values parameters,
                               std::span<const ReferenceBatch> inputs, const DropoutMask& mask,
                               ReferenceEdges& edges) {
  return guarded([&]() -> Status {
    Walk walk(options, parameters, inputs, mask);
    GRU_RETURN_IF_ERROR(walk.forward());
    edges = std::move(walk.edges());
    return {};
  });
}

Status reference_graph_gradients(const GraphOptions& options, Values parameters,
                                 std::span<const ReferenceBatch> inputs,
                                 std::span<const ReferenceTarget> targets, const DropoutMask& mask,
                                 ReferenceGraphGradients& result) {
  return guarded([&]() -> Status {
    Walk walk(options, parameters, inputs, mask);
    GRU_RETURN_IF_ERROR(walk.forward());
    ReferenceGraphGradients made;
    GRU_RETURN_IF_ERROR(walk.backward(targets, made));
    result = std::move(made);
    return {};
  });
}

Status reference_graph_step(const GraphOptions& options, const ReferenceStepCall& call,
                            Gradients parameters, ReferenceOptimizerState& state,
                            ReferenceStep& result) {
  const auto& [optimizer, clip, inputs, targets, mask] = call;
  ReferenceGraphGradients gradients;
  GRU_RETURN_IF_ERROR(
      reference_graph_gradients(options, parameters, inputs, targets, mask, gradients));
  result.loss = gradients.loss;
  result.gradient_norm = reference_clip(clip, gradients.parameters);
  return reference_update(optimizer, gradients.parameters, state, parameters);
}

}  // namespace gru
