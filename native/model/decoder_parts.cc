#include "model/decoder_parts.h"

#include <algorithm>
#include <string>

namespace gru {

namespace {

/// The target must have tokens, and the output must depend on it.
Status check_target(const Graph& graph, std::size_t target, std::size_t output) {
  const InputOptions& input = graph.options().inputs[target];
  if (!input.tokens) {
    return Status::value("inputs." + input.name + ": expected tokens, got values");
  }
  const std::string& layer = graph.options().outputs[output].layer;
  const auto depends = [&](std::size_t number) {
    return graph.options().layers[number].name == layer;
  };
  if (std::ranges::any_of(graph.layers_behind({&target, 1}), depends)) return {};
  return Status::value("layers." + layer + ": expected a layer that depends on inputs." +
                       input.name);
}

/// An output predicts the tokens of the target.
Status check_classes(const Graph& graph, std::size_t target, std::size_t output) {
  const InputOptions& input = graph.options().inputs[target];
  const std::size_t classes = graph.output_shape(output).width;
  if (classes == input.size) return {};
  return Status::value("outputs." + graph.options().outputs[output].layer + ": expected the " +
                       std::to_string(input.size) + " tokens of inputs." + input.name + ", got " +
                       std::to_string(classes) + " classes");
}

}  // namespace

Status DecoderParts::find(const Graph& graph, std::size_t target, std::size_t output,
                          DecoderParts& parts) {
  if (graph.options().inputs.size() < 2) {
    return Status::value("inputs: expected a source beside the target, got the target alone");
  }
  GRU_RETURN_IF_ERROR(check_target(graph, target, output));
  GRU_RETURN_IF_ERROR(graph.check_stepwise({&target, 1}));
  GRU_RETURN_IF_ERROR(check_classes(graph, target, output));
  parts.target = target;
  parts.output = output;
  parts.each_step = graph.layers_behind({&target, 1});
  for (std::size_t layer = 0; layer < graph.options().layers.size(); ++layer) {
    if (std::ranges::find(parts.each_step, layer) == parts.each_step.end()) {
      parts.once.push_back(layer);
    }
  }
  parts.context_edges = graph.other_edges_of({&target, 1});
  for (const std::size_t edge : parts.context_edges) {
    parts.context_width += graph.edge_shape(edge).width;
  }
  parts.states = graph.all_states(parts.each_step);
  return {};
}

}  // namespace gru
