#include "model/graph_builder.h"

#include <algorithm>
#include <utility>

#include "layers/attention.h"
#include "layers/dropout.h"
#include "layers/embedding.h"
#include "layers/joins.h"
#include "layers/layer_norm.h"
#include "layers/linear.h"
#include "layers/recurrent.h"
#include "layers/select.h"
#include "model/output_fit.h"

namespace gru {

namespace {

/// The shapes of a layer's inputs.
using Shapes = std::span<const EdgeShape>;

std::unique_ptr<Layer> make_layer(const EmbeddingOptions& options, Shapes) {
  return std::make_unique<Embedding>(options.size);
}
std::unique_ptr<Layer> make_layer(const RecurrentOptions& options, Shapes) {
  return std::make_unique<Recurrent>(options);
}
std::unique_ptr<Layer> make_layer(const LinearOptions& options, Shapes) {
  return std::make_unique<Linear>(options);
}
std::unique_ptr<Layer> make_layer(const DropoutOptions& options, Shapes) {
  return std::make_unique<Dropout>(options);
}
std::unique_ptr<Layer> make_layer(const LayerNormOptions&, Shapes) {
  return std::make_unique<LayerNorm>();
}
std::unique_ptr<Layer> make_layer(const ConcatOptions&, Shapes) {
  return std::make_unique<Concat>();
}
std::unique_ptr<Layer> make_layer(const AddOptions&, Shapes) { return std::make_unique<Add>(); }
std::unique_ptr<Layer> make_layer(const SelectOptions& options, Shapes inputs) {
  if (options.step == SelectStep::mean) return std::make_unique<SelectMean>();
  if (!inputs.empty() && inputs[0].recurrent) return std::make_unique<SelectFinalState>();
  return std::make_unique<SelectLast>();
}
std::unique_ptr<Layer> make_layer(const AttentionOptions& options, Shapes) {
  return std::make_unique<Attention>(options);
}

std::string quoted(const std::string& name) { return "'" + name + "'"; }

Status check_name(const char* list, const std::string& name, bool taken) {
  if (name.empty() || name.find('.') != std::string::npos) {
    return Status::value(std::string(list) + ": expected names without a dot, got " + quoted(name));
  }
  if (!taken) return {};
  return Status::value(std::string(list) + "." + name +
                       ": expected a name of its own, got that of another input or layer");
}

Status check_input_count(const LayerOptions& layer, const InputCount& expected) {
  const std::size_t got = layer.inputs.size();
  if (got >= expected.least && got <= expected.most) return {};
  std::string count = std::to_string(expected.least);
  if (expected.most == SIZE_MAX) {
    count += " or more inputs";
  } else {
    if (expected.most > expected.least) count += " to " + std::to_string(expected.most);
    count += expected.most == 1 ? " input" : " inputs";
  }
  return Status::value("layers." + layer.name + ": expected " + count + ", got " +
                       std::to_string(got));
}

}  // namespace

Status GraphBuilder::build(Graph& graph) {
  graph_ = &graph;
  graph.options_ = options_;
  graph.options_.layers.clear();
  GRU_RETURN_IF_ERROR(name_inputs());
  GRU_RETURN_IF_ERROR(name_layers());
  GRU_RETURN_IF_ERROR(order_layers());
  for (const std::size_t layer : order_) GRU_RETURN_IF_ERROR(add_layer(options_.layers[layer]));
  GRU_RETURN_IF_ERROR(add_outputs());
  graph_->learns_ =
      graph_->learning_edges(std::vector<bool>(graph_->layout_.specs().size(), false));
  number_groups();
  return check_all_lead_to_outputs();
}

Status GraphBuilder::name_inputs() {
  if (options_.inputs.empty()) return Status::value("inputs: expected at least one, got none");
  for (std::size_t i = 0; i < options_.inputs.size(); ++i) {
    const InputOptions& input = options_.inputs[i];
    GRU_RETURN_IF_ERROR(check_name("inputs", input.name, edge_of_.contains(input.name)));
    GRU_RETURN_IF_ERROR(check_layer_size("inputs." + input.name, input.size));
    edge_of_[input.name] = i;
    joined_to_.push_back(i);
    EdgeShape shape;
    shape.width = input.size;
    shape.tokens = input.tokens;
    shape.group = i;
    graph_->shapes_.push_back(shape);
    graph_->readers_.push_back(0);
  }
  return {};
}

Status GraphBuilder::name_layers() {
  for (std::size_t i = 0; i < options_.layers.size(); ++i) {
    const std::string& name = options_.layers[i].name;
    const bool taken = edge_of_.contains(name) || layer_of_.contains(name);
    GRU_RETURN_IF_ERROR(check_name("layers", name, taken));
    layer_of_[name] = i;
  }
  return {};
}

/// Repeatedly appends the first layer of the description whose inputs are all computed before it.
Status GraphBuilder::order_layers() {
  std::vector<bool> is_ordered(options_.layers.size(), false);
  const auto is_there = [&](const std::string& name) {
    const auto layer = layer_of_.find(name);
    return layer == layer_of_.end() ? edge_of_.contains(name) : is_ordered[layer->second];
  };
  for (const LayerOptions& layer : options_.layers) {
    for (const std::string& input : layer.inputs) {
      if (edge_of_.contains(input) || layer_of_.contains(input)) continue;
      return Status::value("layers." + layer.name +
                           ": expected the name of an input or layer, got " + quoted(input));
    }
  }
  while (order_.size() < options_.layers.size()) {
    std::size_t next = 0;
    while (next < is_ordered.size() &&
           (is_ordered[next] || !std::ranges::all_of(options_.layers[next].inputs, is_there))) {
      ++next;
    }
    if (next == is_ordered.size()) {
      const auto stuck = std::ranges::find(is_ordered, false) - is_ordered.begin();
      return Status::value(
          "layers." + options_.layers[static_cast<std::size_t>(stuck)].name +
          ": expected layers without a cycle, got one that it is part of or reads");
    }
    is_ordered[next] = true;
    order_.push_back(next);
  }
  return {};
}

Status GraphBuilder::add_layer(const LayerOptions& options) {
  Graph& graph = *graph_;
  Graph::Node node;
  std::vector<EdgeShape> shapes;
  for (const std::string& input : options.inputs) {
    const std::size_t edge = edge_of_.at(input);
    node.inputs.push_back(edge);
    shapes.push_back(graph.shapes_[edge]);
    ++graph.readers_[edge];
  }
  node.layer = std::visit([&](const auto& kind) { return make_layer(kind, shapes); }, options.kind);
  GRU_RETURN_IF_ERROR(check_input_count(options, node.layer->input_count()));
  if (node.layer->joins_inputs()) join_groups(node.inputs);
  node.first_tensor = graph.layout_.specs().size();
  EdgeShape output;
  GRU_RETURN_IF_ERROR(node.layer->declare(shapes, {options.name}, graph.layout_, output));
  node.tensors = graph.layout_.specs().size() - node.first_tensor;
  node.first_stream = graph.dropout_streams_;
  graph.dropout_streams_ += node.layer->dropout_streams();
  edge_of_[options.name] = graph.shapes_.size();
  graph.shapes_.push_back(output);
  graph.readers_.push_back(0);
  node.states = node.layer->states();
  node.first_state = graph.state_count_;
  for (const StateShape& shape : node.states) {
    const std::size_t index = graph.state_count_++;
    if (!shape.from_layer) graph.states_.push_back({graph.nodes_.size(), shape, index});
  }
  graph.options_.layers.push_back(options);
  graph.nodes_.push_back(std::move(node));
  return {};
}

Status GraphBuilder::add_outputs() {
  if (options_.outputs.empty()) return Status::value("outputs: expected at least one, got none");
  for (const OutputOptions& output : options_.outputs) {
    const std::string& name = output.layer;
    if (!layer_of_.contains(name)) {
      return Status::value("outputs: expected names of layers, got " + quoted(name));
    }
    const std::size_t edge = edge_of_.at(name);
    if (std::ranges::find(graph_->outputs_, edge) != graph_->outputs_.end()) {
      return Status::value("outputs: expected each layer once, got " + quoted(name) + " twice");
    }
    GRU_RETURN_IF_ERROR(check_output(output, graph_->shapes_[edge]));
    graph_->outputs_.push_back(edge);
  }
  return {};
}

Status GraphBuilder::check_all_lead_to_outputs() const {
  const Graph& graph = *graph_;
  for (std::size_t edge = 0; edge < graph.shapes_.size(); ++edge) {
    const bool is_output = std::ranges::find(graph.outputs_, edge) != graph.outputs_.end();
    if (is_output || graph.readers_[edge] > 0) continue;
    return Status::value(graph.option_name(edge) +
                         ": expected a layer or an output that reads it, got none");
  }
  return {};
}

std::size_t GraphBuilder::group_of(std::size_t group) const {
  while (joined_to_[group] != group) group = joined_to_[group];
  return group;
}

void GraphBuilder::join_groups(const std::vector<std::size_t>& edges) {
  const std::size_t first = group_of(graph_->shapes_[edges[0]].group);
  for (const std::size_t edge : edges) {
    joined_to_[group_of(graph_->shapes_[edge].group)] = first;
  }
}

/// Numbers the groups from 0 on, in the order of their first inputs. The inputs are the first
/// edges.
void GraphBuilder::number_groups() {
  std::vector<std::size_t> roots;
  for (std::size_t edge = 0; edge < graph_->shapes_.size(); ++edge) {
    std::size_t& group = graph_->shapes_[edge].group;
    const std::size_t root = group_of(group);
    const auto known = std::ranges::find(roots, root);
    group = static_cast<std::size_t>(known - roots.begin());
    if (known != roots.end()) continue;
    roots.push_back(root);
    graph_->first_of_group_.push_back(edge);
  }
}

}  // namespace gru
