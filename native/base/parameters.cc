#include "base/parameters.h"

#include <utility>

#include "base/size.h"

namespace gru {

namespace {

// 32-bit sizes keep every index that a kernel or BLAS (whose integers are 32 bits) forms in range.
constexpr std::size_t max_size = 0x7fffffff / 4;
// Every layer costs named tensors even where it is narrow: beyond this a count is a mistake.
constexpr std::size_t max_layers = 1024;

Status check_size(const char* name, std::size_t size, std::size_t largest = max_size) {
  if (size >= 1 && size <= largest) return {};
  return Status::value(std::string(name) + ": expected an integer from 1 to " +
                       std::to_string(largest) + ", got " + std::to_string(size));
}

Status check_gru(const GruOptions& options) {
  GRU_RETURN_IF_ERROR(check_size("inputSize", options.input_size));
  GRU_RETURN_IF_ERROR(check_size("hiddenSize", options.hidden_size));
  GRU_RETURN_IF_ERROR(check_size("numLayers", options.num_layers, max_layers));
  if (!(options.dropout >= 0 && options.dropout < 1)) {
    return Status::value("dropout: expected a number from 0 to less than 1, got " +
                         std::to_string(options.dropout));
  }
  return {};
}

}  // namespace

Status ParameterLayout::append(std::string name, std::vector<std::size_t> shape,
                               std::size_t& offset) {
  CheckedSize count(1);
  for (const std::size_t extent : shape) count = count * extent;
  const auto total = (count + count_).elements();
  if (!total) {
    return Status::value(name +
                         ": expected a tensor of at most 2^48 elements, got sizes beyond it");
  }
  offset = count_;
  specs_.push_back({std::move(name), std::move(shape), count_, *total - count_});
  count_ = *total;
  return {};
}

Status ParameterLayout::append_gru(const GruOptions& options, const std::string& prefix) {
  directions_ = options.num_directions();
  const std::size_t hidden = options.hidden_size;
  const std::size_t gates = gate_count * hidden;
  for (std::size_t layer = 0; layer < options.num_layers; ++layer) {
    for (std::size_t direction = 0; direction < directions_; ++direction) {
      const std::string suffix = "_l" + std::to_string(layer) + (direction == 1 ? "_reverse" : "");
      GruParameterOffsets offsets;
      GRU_RETURN_IF_ERROR(append(prefix + "weight_ih" + suffix,
                                 {gates, options.layer_input_size(layer)}, offsets.weight_ih));
      GRU_RETURN_IF_ERROR(
          append(prefix + "weight_hh" + suffix, {gates, hidden}, offsets.weight_hh));
      if (options.bias) {
        GRU_RETURN_IF_ERROR(append(prefix + "bias_ih" + suffix, {gates}, offsets.bias_ih));
        GRU_RETURN_IF_ERROR(append(prefix + "bias_hh" + suffix, {gates}, offsets.bias_hh));
      }
      gru_.push_back(offsets);
    }
  }
  return {};
}

Status ParameterLayout::of_gru(const GruOptions& options, ParameterLayout& layout) {
  return guarded([&]() -> Status {
    ParameterLayout made;
    GRU_RETURN_IF_ERROR(check_gru(options));
    GRU_RETURN_IF_ERROR(made.append_gru(options, ""));
    layout = std::move(made);
    return {};
  });
}

Status ParameterLayout::of_model(const ModelOptions& options, ParameterLayout& layout) {
  return guarded([&]() -> Status {
    ParameterLayout made;
    GRU_RETURN_IF_ERROR(check_gru(options.gru));
    GRU_RETURN_IF_ERROR(check_size("output.size", options.output_size));
    if (options.input == InputKind::tokens) {
      GRU_RETURN_IF_ERROR(check_size("input.tokens", options.tokens));
      GRU_RETURN_IF_ERROR(made.append("embedding.weight", {options.tokens, options.gru.input_size},
                                      made.embedding_weight_));
    }
    GRU_RETURN_IF_ERROR(made.append_gru(options.gru, "gru."));
    GRU_RETURN_IF_ERROR(made.append("head.weight", {options.output_size, options.gru.output_size()},
                                    made.head_weight_));
    GRU_RETURN_IF_ERROR(made.append("head.bias", {options.output_size}, made.head_bias_));
    layout = std::move(made);
    return {};
  });
}

}  // namespace gru
