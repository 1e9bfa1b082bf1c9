#include "reference/attention.h"
#include "reference/graph_layers.h"

namespace gru::reference {

namespace {

std::size_t sum_of(Widths inputs) {
  std::size_t sum = 0;
  for (const std::size_t width : inputs) sum += width;
  return sum;
}

std::size_t width(const EmbeddingOptions& options, Widths) { return options.size; }
std::size_t width(const RecurrentOptions& options, Widths) { return options.output_size(); }
std::size_t width(const LinearOptions& options, Widths) { return options.size; }
std::size_t width(const DropoutOptions&, Widths inputs) { return inputs[0]; }
std::size_t width(const LayerNormOptions&, Widths inputs) { return inputs[0]; }
std::size_t width(const ConcatOptions&, Widths inputs) { return sum_of(inputs); }
std::size_t width(const AddOptions&, Widths inputs) { return inputs[0]; }
std::size_t width(const SelectOptions&, Widths inputs) { return inputs[0]; }
std::size_t width(const AttentionOptions&, Widths inputs) { return inputs[1]; }

std::size_t count(const EmbeddingOptions& options, Widths inputs) {
  return inputs[0] * options.size;
}
std::size_t count(const RecurrentOptions& options, Widths inputs) {
  RecurrentOptions with_input = options;
  with_input.input_size = inputs[0];
  return reference_recurrent_parameter_count(with_input);
}
std::size_t count(const LinearOptions& options, Widths inputs) {
  return (inputs[0] + 1) * options.size;
}
std::size_t count(const DropoutOptions&, Widths) { return 0; }
std::size_t count(const LayerNormOptions&, Widths inputs) { return 2 * inputs[0]; }
std::size_t count(const ConcatOptions&, Widths) { return 0; }
std::size_t count(const AddOptions&, Widths) { return 0; }
std::size_t count(const SelectOptions&, Widths) { return 0; }
std::size_t count(const AttentionOptions& options, Widths inputs) {
  return ReferenceAttentionSizes{options.score, inputs[0], inputs[1], options.size}
      .parameter_count();
}

}  // namespace

std::size_t width_of(const LayerOptions& layer, Widths inputs) {
  return std::visit([&](const auto& kind) { return width(kind, inputs); }, layer.kind);
}

std::size_t count_of(const LayerOptions& layer, Widths inputs) {
  return std::visit([&](const auto& kind) { return count(kind, inputs); }, layer.kind);
}

std::size_t streams_of(const LayerOptions& layer) {
  if (const auto* recurrent = std::get_if<RecurrentOptions>(&layer.kind)) {
    return recurrent->num_layers;
  }
  return std::holds_alternative<DropoutOptions>(layer.kind) ? 1 : 0;
}

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

}  // namespace gru::reference
