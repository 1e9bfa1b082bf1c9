#include "reference/graph_layers.h"

#include <utility>

#include "reference/layers.h"

namespace gru::reference {

// ---- Embedding and linear

Status forward(const EmbeddingOptions& options, const Forward& call) {
  return reference_embedding_forward(options.size, call.parameters, call.inputs[0]->tokens,
                                     call.output.values);
}

Status backward(const EmbeddingOptions& options, const Backward& call) {
  std::vector<double> d_weight;
  GRU_RETURN_IF_ERROR(reference_embedding_backward(
      options.size, call.inputs[0]->width, call.inputs[0]->tokens, call.d_output.values, d_weight));
  add(d_weight, call.d_parameters);
  return {};
}

namespace {

ReferenceLinearSizes sizes_of(const LinearOptions& options, const ReferenceEdge& input) {
  return {input.values.size() / input.width, input.width, options.size};
}

}  // namespace

Status forward(const LinearOptions& options, const Forward& call) {
  const ReferenceEdge& input = *call.inputs[0];
  const std::size_t weights = options.size * input.width;
  GRU_RETURN_IF_ERROR(
      reference_linear_forward(sizes_of(options, input), call.parameters.first(weights),
                               call.parameters.subspan(weights), input.values, call.output.values));
  reference_activate(options.activation, call.output.values);
  return {};
}

Status backward(const LinearOptions& options, const Backward& call) {
  const ReferenceEdge& input = *call.inputs[0];
  const std::size_t weights = options.size * input.width;
  reference_activate_backward(options.activation, call.output.values, call.d_output.values);
  ReferenceLinearGradients d_linear;
  GRU_RETURN_IF_ERROR(reference_linear_backward(sizes_of(options, input),
                                                call.parameters.first(weights), input.values,
                                                call.d_output.values, d_linear));
  add(d_linear.weight, call.d_parameters.first(weights));
  add(d_linear.bias, call.d_parameters.subspan(weights));
  add(d_linear.input, call.d_inputs[0]->values);
  return {};
}

// ---- Recurrent

namespace {

RecurrentOptions with_input(RecurrentOptions options, const ReferenceEdge& input) {
  options.input_size = input.width;
  return options;
}

/// Calls move(index in the rows of all sequences [B, L*D*H], index in the states [L*D, B, H]).
template <class Move>
void for_each_state(const RecurrentOptions& options, std::size_t batch, const Move& move) {
  const std::size_t H = options.hidden_size;
  const std::size_t blocks = options.num_layers * options.num_directions();
  for (std::size_t i = 0; i < blocks * batch * H; ++i) {
    const std::size_t b = i / H % batch;
    move((b * blocks + i / H / batch) * H + i % H, i);
  }
}

}  // namespace

Status forward(const RecurrentOptions& options, const Forward& call) {
  const ReferenceEdge& input = *call.inputs[0];
  const std::vector<std::int32_t> lengths(input.lengths.begin(), input.lengths.end());
  std::vector<double> initial_state;
  if (call.inputs.size() > 1) {
    const std::vector<double>& rows = call.inputs[1]->values;
    initial_state.resize(rows.size());
    for_each_state(options, input.batch,
                   [&](std::size_t row, std::size_t state) { initial_state[state] = rows[row]; });
  }
  DropoutMask mask = call.mask;
  if (mask.probability > 0) mask.probability = options.dropout;
  const ReferenceInput from{input.steps, input.batch, input.values, initial_state,
                            {},          lengths,     mask};
  GRU_RETURN_IF_ERROR(reference_recurrent_forward(with_input(options, input), call.parameters, from,
                                                  call.output.recurrent));
  call.output.values = call.output.recurrent.output;
  return {};
}

Status backward(const RecurrentOptions& options, const Backward& call) {
  const ReferenceEdge& input = *call.inputs[0];
  ReferenceGradients d_stack;
  GRU_RETURN_IF_ERROR(reference_recurrent_backward(
      with_input(options, input), call.parameters, call.output.recurrent,
      {call.d_output.values, call.d_output.state}, d_stack));
  add(d_stack.parameters, call.d_parameters);
  add(d_stack.input, call.d_inputs[0]->values);
  if (call.inputs.size() == 1) return {};
  for_each_state(options, input.batch, [&](std::size_t row, std::size_t state) {
    call.d_inputs[1]->values[row] += d_stack.initial_state[state];
  });
  return {};
}

// ---- Dropout and layer norm

namespace {

double scale_of(const DropoutOptions& options, DropoutMask mask, std::size_t element) {
  if (mask.probability == 0) return 1;
  mask.probability = options.probability;
  return static_cast<double>(mask.scale(element));
}

}  // namespace

Status forward(const DropoutOptions& options, const Forward& call) {
  call.output.values = call.inputs[0]->values;
  for (std::size_t i = 0; i < call.output.values.size(); ++i) {
    call.output.values[i] *= scale_of(options, call.mask, i);
  }
  return {};
}

Status backward(const DropoutOptions& options, const Backward& call) {
  for (std::size_t i = 0; i < call.d_output.values.size(); ++i) {
    call.d_inputs[0]->values[i] += call.d_output.values[i] * scale_of(options, call.mask, i);
  }
  return {};
}

Status forward(const LayerNormOptions&, const Forward& call) {
  const std::size_t width = call.output.width;
  call.output.values = reference_layer_norm_forward(
      call.parameters.first(width), call.parameters.subspan(width), call.inputs[0]->values);
  return {};
}

Status backward(const LayerNormOptions&, const Backward& call) {
  const std::size_t width = call.output.width;
  reference_layer_norm_backward(
      call.parameters.first(width), call.inputs[0]->values, call.d_output.values,
      {call.d_parameters.first(width), call.d_parameters.subspan(width), call.d_inputs[0]->values});
  return {};
}

// ---- Concat and add

namespace {

/// Calls move(index in the output, number of the input, index in that input).
template <class Move>
void for_each_joined(std::span<const ReferenceEdge* const> inputs, const ReferenceEdge& output,
                     const Move& move) {
  std::size_t first = 0;
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    const std::size_t width = inputs[n]->width;
    for (std::size_t i = 0; i < inputs[n]->values.size(); ++i) {
      move(i / width * output.width + first + i % width, n, i);
    }
    first += width;
  }
}

}  // namespace

Status forward(const ConcatOptions&, const Forward& call) {
  call.output.values.resize(valid_rows(call.output).size() * call.output.width);
  for_each_joined(call.inputs, call.output, [&](std::size_t to, std::size_t n, std::size_t from) {
    call.output.values[to] = call.inputs[n]->values[from];
  });
  return {};
}

Status backward(const ConcatOptions&, const Backward& call) {
  for_each_joined(call.inputs, call.output, [&](std::size_t from, std::size_t n, std::size_t to) {
    call.d_inputs[n]->values[to] += call.d_output.values[from];
  });
  return {};
}

Status forward(const AddOptions&, const Forward& call) {
  call.output.values.resize(call.inputs[0]->values.size());
  for (const ReferenceEdge* input : call.inputs) add(input->values, call.output.values);
  return {};
}

Status backward(const AddOptions&, const Backward& call) {
  for (EdgeGradient* d_input : call.d_inputs) add(call.d_output.values, d_input->values);
  return {};
}

}  // namespace gru::reference
