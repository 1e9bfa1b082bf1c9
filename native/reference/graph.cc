#include "reference/graph.h"

#include <algorithm>
#include <utility>

#include "reference/algebra.h"
#include "reference/layers.h"

namespace gru {

using reference::add;
using reference::check_count;
using reference::Gradients;
using reference::Values;

namespace {

/// The gradient of an edge, as the layers that read it add to it.
struct EdgeGradient {
  std::vector<double> values;
  std::vector<double> state;  // of a recurrent layer: [L*D, B, H]
};

/// One walk over the layers: where each one's parameters begin, and its dropout's streams.
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
  };

  Status read_inputs();
  Status compute(const Node& node, ReferenceEdge& output);
  Status compute(const Node&, const EmbeddingOptions&, const ReferenceEdge&, ReferenceEdge&);
  Status compute(const Node&, const RecurrentOptions&, const ReferenceEdge&, ReferenceEdge&);
  Status compute(const Node&, const LinearOptions&, const ReferenceEdge&, ReferenceEdge&);
  Status compute(const Node&, const SelectOptions&, const ReferenceEdge&, ReferenceEdge&);
  Status learn(const Node&, const EmbeddingOptions&, const ReferenceEdge&, EdgeGradient&,
               Gradients);
  Status learn(const Node&, const RecurrentOptions&, const ReferenceEdge&, EdgeGradient&,
               Gradients);
  Status learn(const Node&, const LinearOptions&, const ReferenceEdge&, EdgeGradient&, Gradients);
  Status learn(const Node&, const SelectOptions&, const ReferenceEdge&, EdgeGradient&, Gradients);
  Status loss_of(const OutputOptions& output, const ReferenceTarget& target, double& total);
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

// ---- Sizes

RecurrentOptions with_input(RecurrentOptions options, std::size_t width) {
  options.input_size = width;
  return options;
}

std::size_t width_of(const EmbeddingOptions& options, std::size_t) { return options.size; }
std::size_t width_of(const RecurrentOptions& options, std::size_t) { return options.output_size(); }
std::size_t width_of(const LinearOptions& options, std::size_t) { return options.size; }
std::size_t width_of(const SelectOptions&, std::size_t width) { return width; }

/// `width` is that of the input: its values, or the size of its vocabulary.
std::size_t count_of(const EmbeddingOptions& options, std::size_t width) {
  return width * options.size;
}
std::size_t count_of(const RecurrentOptions& options, std::size_t width) {
  return reference_gru_parameter_count(with_input(options, width));
}
std::size_t count_of(const LinearOptions& options, std::size_t width) {
  return (width + 1) * options.size;
}
std::size_t count_of(const SelectOptions&, std::size_t) { return 0; }

std::size_t streams_of(const LayerOptions& layer) {
  const auto* recurrent = std::get_if<RecurrentOptions>(&layer.kind);
  return recurrent == nullptr ? 0 : recurrent->num_layers;
}

/// 1 for each row that counts: before its sequence's length, or of a sequence that has a step.
std::vector<std::uint8_t> valid_rows(const ReferenceEdge& edge) {
  std::vector<std::uint8_t> valid;
  if (edge.every == Every::last) {
    for (const std::size_t length : edge.lengths) valid.push_back(length > 0 ? 1 : 0);
    return valid;
  }
  for (std::size_t t = 0; t < edge.steps; ++t) {
    for (const std::size_t length : edge.lengths) valid.push_back(t < length ? 1 : 0);
  }
  return valid;
}

void clear_padding(const ReferenceEdge& edge, std::vector<double>& values) {
  const std::vector<std::uint8_t> valid = valid_rows(edge);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (valid[i / edge.width] == 0) values[i] = 0;
  }
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
    const std::size_t width = edges_.at(layer.inputs[0]).width;
    Node node{&layer, offset, 0, mask_};
    node.count = std::visit([&](const auto& kind) { return count_of(kind, width); }, layer.kind);
    ReferenceEdge output;
    GRU_RETURN_IF_ERROR(compute(node, output));
    edges_[layer.name] = std::move(output);
    nodes_.push_back(node);
    offset += node.count;
    mask_.stream += streams_of(layer);
  }
  return {};
}

Status Walk::compute(const Node& node, ReferenceEdge& output) {
  const ReferenceEdge& input = edges_.at(node.options->inputs[0]);
  output.steps = input.steps;
  output.batch = input.batch;
  output.lengths = input.lengths;
  output.every = input.every;
  return std::visit(
      [&](const auto& kind) {
        output.width = width_of(kind, input.width);
        return compute(node, kind, input, output);
      },
      node.options->kind);
}

Status Walk::compute(const Node& node, const EmbeddingOptions& options, const ReferenceEdge& input,
                     ReferenceEdge& output) {
  return reference_embedding_forward(options.size, parameters_of(node), input.tokens,
                                     output.values);
}

Status Walk::compute(const Node& node, const RecurrentOptions& options, const ReferenceEdge& input,
                     ReferenceEdge& output) {
  const std::vector<std::int32_t> lengths(input.lengths.begin(), input.lengths.end());
  DropoutMask mask = node.mask;
  if (mask.probability > 0) mask.probability = options.dropout;
  const ReferenceInput call{input.steps, input.batch, input.values, {}, lengths, mask};
  GRU_RETURN_IF_ERROR(reference_gru_forward(with_input(options, input.width), parameters_of(node),
                                            call, output.recurrent));
  output.values = output.recurrent.output;
  return {};
}

Status Walk::compute(const Node& node, const LinearOptions& options, const ReferenceEdge& input,
                     ReferenceEdge& output) {
  const Values weight = parameters_of(node).first(options.size * input.width);
  const Values bias = parameters_of(node).subspan(weight.size());
  const ReferenceLinearSizes sizes{input.values.size() / input.width, input.width, options.size};
  GRU_RETURN_IF_ERROR(reference_linear_forward(sizes, weight, bias, input.values, output.values));
  clear_padding(output, output.values);
  return {};
}

/// The top layer's final states, forward then reverse: where each lies in state [L*D, B, H].
std::size_t top_state(const ReferenceEdge& from, std::size_t direction, std::size_t hidden,
                      std::size_t b) {
  const std::size_t directions = from.width / hidden;
  const std::size_t blocks = from.recurrent.state.size() / (from.batch * hidden);
  return ((blocks - directions + direction) * from.batch + b) * hidden;
}

std::size_t hidden_of(const ReferenceEdge& from) {
  return from.width / from.recurrent.layers.back().directions.size();
}

Status Walk::compute(const Node&, const SelectOptions&, const ReferenceEdge& input,
                     ReferenceEdge& output) {
  output.every = Every::last;
  const std::size_t hidden = hidden_of(input);
  for (std::size_t b = 0; b < input.batch; ++b) {
    for (std::size_t d = 0; d < input.width / hidden; ++d) {
      const Values h =
          Values(input.recurrent.state).subspan(top_state(input, d, hidden, b), hidden);
      output.values.insert(output.values.end(), h.begin(), h.end());
    }
  }
  clear_padding(output, output.values);
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

Status Walk::loss_of(const OutputOptions& output, const ReferenceTarget& target, double& total) {
  const ReferenceEdge& edge = edges_.at(output.layer);
  const std::vector<std::uint8_t> valid = valid_rows(edge);
  const ReferenceRows rows{valid.size(), edge.width, valid};
  ReferenceLoss loss;
  GRU_RETURN_IF_ERROR(reference_loss(output.loss, rows, edge.values, target, loss));
  total += output.weight * loss.loss;
  for (double& gradient : loss.gradient) gradient *= output.weight;
  add(loss.gradient, gradient_of(output.layer).values);
  return {};
}

Status Walk::backward(std::span<const ReferenceTarget> targets, ReferenceGraphGradients& result) {
  result.loss = 0;
  result.parameters.assign(parameters_.size(), 0.0);
  for (std::size_t i = 0; i < options_.outputs.size(); ++i) {
    GRU_RETURN_IF_ERROR(loss_of(options_.outputs[i], targets[i], result.loss));
  }
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    const Node& node = nodes_[i];
    const ReferenceEdge& input = edges_.at(node.options->inputs[0]);
    EdgeGradient& d_output = gradient_of(node.options->name);
    const Gradients own = Gradients(result.parameters).subspan(node.offset, node.count);
    GRU_RETURN_IF_ERROR(
        std::visit([&](const auto& kind) { return learn(node, kind, input, d_output, own); },
                   node.options->kind));
  }
  return {};
}

Status Walk::learn(const Node&, const EmbeddingOptions& options, const ReferenceEdge& input,
                   EdgeGradient& d_output, Gradients d_parameters) {
  std::vector<double> d_weight;
  GRU_RETURN_IF_ERROR(reference_embedding_backward(options.size, input.width, input.tokens,
                                                   d_output.values, d_weight));
  add(d_weight, d_parameters);
  return {};
}

Status Walk::learn(const Node& node, const RecurrentOptions& options, const ReferenceEdge& input,
                   EdgeGradient& d_output, Gradients d_parameters) {
  ReferenceGradients d_stack;
  GRU_RETURN_IF_ERROR(reference_gru_backward(with_input(options, input.width), parameters_of(node),
                                             edges_.at(node.options->name).recurrent,
                                             d_output.values, d_output.state, d_stack));
  add(d_stack.parameters, d_parameters);
  add(d_stack.input, gradient_of(node.options->inputs[0]).values);
  return {};
}

Status Walk::learn(const Node& node, const LinearOptions& options, const ReferenceEdge& input,
                   EdgeGradient& d_output, Gradients d_parameters) {
  clear_padding(edges_.at(node.options->name), d_output.values);
  const std::size_t weights = options.size * input.width;
  const ReferenceLinearSizes sizes{input.values.size() / input.width, input.width, options.size};
  ReferenceLinearGradients d_linear;
  GRU_RETURN_IF_ERROR(reference_linear_backward(sizes, parameters_of(node).first(weights),
                                                input.values, d_output.values, d_linear));
  add(d_linear.weight, d_parameters.first(weights));
  add(d_linear.bias, d_parameters.subspan(weights));
  add(d_linear.input, gradient_of(node.options->inputs[0]).values);
  return {};
}

Status Walk::learn(const Node& node, const SelectOptions&, const ReferenceEdge& input,
                   EdgeGradient& d_output, Gradients) {
  clear_padding(edges_.at(node.options->name), d_output.values);
  EdgeGradient& d_input = gradient_of(node.options->inputs[0]);
  const std::size_t hidden = hidden_of(input);
  Values rest = d_output.values;
  for (std::size_t b = 0; b < input.batch; ++b) {
    for (std::size_t d = 0; d < input.width / hidden; ++d) {
      add(rest.first(hidden),
          Gradients(d_input.state).subspan(top_state(input, d, hidden, b), hidden));
      rest = rest.subspan(hidden);
    }
  }
  return {};
}

}  // namespace

std::size_t reference_graph_parameter_count(const GraphOptions& options) {
  std::map<std::string, std::size_t> widths;
  for (const InputOptions& input : options.inputs) widths[input.name] = input.size;
  std::size_t count = 0;
  for (const LayerOptions& layer : options.layers) {
    const std::size_t width = widths.at(layer.inputs[0]);
    count += std::visit([&](const auto& kind) { return count_of(kind, width); }, layer.kind);
    widths[layer.name] =
        std::visit([&](const auto& kind) { return width_of(kind, width); }, layer.kind);
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

Status reference_graph_step(const GraphOptions& options, const OptimizerOptions& optimizer,
                            const ClipOptions& clip, std::span<const ReferenceBatch> inputs,
                            std::span<const ReferenceTarget> targets, const DropoutMask& mask,
                            Gradients parameters, ReferenceOptimizerState& state,
                            ReferenceStep& result) {
  ReferenceGraphGradients gradients;
  GRU_RETURN_IF_ERROR(
      reference_graph_gradients(options, parameters, inputs, targets, mask, gradients));
  result.loss = gradients.loss;
  result.gradient_norm = reference_clip(clip, gradients.parameters);
  return reference_update(optimizer, gradients.parameters, state, parameters);
}

}  // namespace gru
