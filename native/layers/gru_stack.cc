#include "layers/gru_stack.h"

namespace gru {

template <class T>
DeviceSpan<T> GruStack::state_of(DeviceSpan<T> states, std::size_t layer, std::size_t direction,
                                 std::size_t batch) const {
  if (states.empty()) return {};
  const std::size_t block = batch * options_.hidden_size;
  return states.subspan(index_of(layer, direction) * block, block);
}

template <class T>
GruTensors<T> GruStack::tensors_of(DeviceSpan<T> flat, std::size_t layer,
                                   std::size_t direction) const {
  const GruParameterOffsets& at = layout_.gru(layer, direction);
  const std::size_t gates = gate_count * options_.hidden_size;
  GruTensors<T> tensors;
  tensors.weight_ih = flat.subspan(at.weight_ih, gates * options_.layer_input_size(layer));
  tensors.weight_hh = flat.subspan(at.weight_hh, gates * options_.hidden_size);
  if (options_.bias) {
    tensors.bias_ih = flat.subspan(at.bias_ih, gates);
    tensors.bias_hh = flat.subspan(at.bias_hh, gates);
  }
  return tensors;
}

Status GruStack::load(DeviceSpan<const float> parameters) {
  const std::size_t directions = options_.num_directions();
  weights_.resize(options_.num_layers * directions);
  for (std::size_t layer = 0; layer < options_.num_layers; ++layer) {
    for (std::size_t direction = 0; direction < directions; ++direction) {
      std::unique_ptr<GruWeights>& weights = weights_[index_of(layer, direction)];
      if (!weights) {
        const GruShape shape{options_.layer_input_size(layer), options_.hidden_size,
                             options_.variant};
        GRU_RETURN_IF_ERROR(device_.create_gru_weights(shape, weights));
      }
      GRU_RETURN_IF_ERROR(
          device_.load_gru_weights(*weights, tensors_of(parameters, layer, direction)));
    }
  }
  return {};
}

Status GruStack::prepare(const GruPassInput& pass, GruActivations& kept) const {
  kept.outputs.resize(options_.num_layers);
  kept.dropped.resize(options_.num_layers);
  kept.reserves.resize(options_.num_layers * options_.num_directions());
  return kept.final_state.reserve(
      device_, CheckedSize(kept.reserves.size()) * pass.rows->map().batch() * options_.hidden_size);
}

Status GruStack::forward_layer(std::size_t layer, const GruPassInput& pass,
                               DeviceMatrix<const float> input, DeviceMatrix<float> output,
                               GruActivations& kept, bool keep_reserve) {
  const RowMap& map = pass.rows->map();
  const std::size_t hidden = options_.hidden_size;
  for (std::size_t direction = 0; direction < options_.num_directions(); ++direction) {
    GruForward call;
    call.map = &map;
    call.reverse = direction == 1;
    call.input = input;
    call.initial_state = state_of(pass.initial_state, layer, direction, map.batch());
    call.output = output.column_range(direction * hidden, hidden);
    call.final_state = state_of(kept.final_state.span(), layer, direction, map.batch());
    if (keep_reserve) call.reserve = kept.reserves[index_of(layer, direction)].span();
    call.abort = pass.abort;
    GRU_RETURN_IF_ERROR(device_.gru_forward(*weights_[index_of(layer, direction)], call));
  }
  return {};
}

Status GruStack::forward(const GruPassInput& pass, DeviceMatrix<float> output,
                         GruActivations& kept) {
  GRU_RETURN_IF_ERROR(prepare(pass, kept));
  const std::size_t rows = pass.rows->map().rows();
  const std::size_t last = options_.num_layers - 1;
  DeviceMatrix<const float> input = pass.input;
  for (std::size_t layer = 0; layer <= last; ++layer) {
    DeviceMatrix<float> target = output;
    if (layer != last) {
      Buffer<float>& between = kept.outputs[layer % 2];
      GRU_RETURN_IF_ERROR(between.reserve(device_, CheckedSize(rows) * options_.output_size()));
      target = {between.span().data(), rows, options_.output_size(), options_.output_size()};
    }
    GRU_RETURN_IF_ERROR(forward_layer(layer, pass, input, target, kept, false));
    input = target;
  }
  return {};
}

Status GruStack::forward_training(const GruPassInput& pass, GruActivations& kept) {
  GRU_RETURN_IF_ERROR(prepare(pass, kept));
  const CheckedSize rows = pass.rows->map().rows();
  const std::size_t width = options_.output_size();
  for (Buffer<float>& reserve : kept.reserves) {
    GRU_RETURN_IF_ERROR(reserve.reserve(device_, rows * reserve_gates * options_.hidden_size));
  }
  for (std::size_t layer = 0; layer < options_.num_layers; ++layer) {
    GRU_RETURN_IF_ERROR(kept.outputs[layer].reserve(device_, rows * width));
    const DeviceMatrix<float> output(kept.outputs[layer].span(), width);
    GRU_RETURN_IF_ERROR(
        forward_layer(layer, pass, layer_input(layer, pass, kept), output, kept, true));
    if (options_.dropout > 0 && layer + 1 < options_.num_layers) {
      GRU_RETURN_IF_ERROR(kept.dropped[layer].reserve(device_, rows * width));
      DropoutMask mask = pass.dropout;
      mask.stream += layer;
      GRU_RETURN_IF_ERROR(device_.dropout(DeviceMatrix<float>(kept.dropped[layer].span(), width),
                                          output, mask, pass.rows->logical()));
    }
  }
  return {};
}

DeviceMatrix<const float> GruStack::layer_input(std::size_t layer, const GruPassInput& pass,
                                                const GruActivations& kept) const {
  if (layer == 0) return pass.input;
  const auto& inputs = options_.dropout > 0 ? kept.dropped : kept.outputs;
  return {inputs[layer - 1].span(), options_.output_size()};
}

Status GruStack::backward_layer(std::size_t layer, const GruPassInput& pass,
                                DeviceMatrix<const float> input, GruActivations& kept,
                                DeviceMatrix<const float> d_output, DeviceMatrix<float> d_input,
                                const GruPassGradients& gradients) {
  const RowMap& map = pass.rows->map();
  const std::size_t hidden = options_.hidden_size;
  const DeviceMatrix<const float> output(kept.outputs[layer].span(), options_.output_size());
  for (std::size_t direction = 0; direction < options_.num_directions(); ++direction) {
    GruBackward call;
    call.map = &map;
    call.reverse = direction == 1;
    call.input = input;
    call.initial_state = state_of(pass.initial_state, layer, direction, map.batch());
    call.output = output.column_range(direction * hidden, hidden);
    call.reserve = kept.reserves[index_of(layer, direction)].span();
    if (!d_output.empty()) call.d_output = d_output.column_range(direction * hidden, hidden);
    call.d_final_state = state_of(gradients.d_state, layer, direction, map.batch());
    call.d_input = d_input;
    call.add_to_d_input = direction == 1;
    call.d_initial_state = state_of(gradients.d_initial_state, layer, direction, map.batch());
    call.gradients = tensors_of(gradients.parameters, layer, direction);
    call.abort = pass.abort;
    GRU_RETURN_IF_ERROR(device_.gru_backward(*weights_[index_of(layer, direction)], call));
  }
  return {};
}

Status GruStack::backward(const GruPassInput& pass, GruActivations& kept,
                          const GruPassGradients& gradients) {
  const std::size_t rows = pass.rows->map().rows();
  const std::size_t width = options_.output_size();
  DeviceMatrix<const float> d_output = gradients.d_output;
  for (std::size_t layer = options_.num_layers; layer-- > 0;) {
    DeviceMatrix<float> d_input = gradients.d_input;
    if (layer > 0) {
      Buffer<float>& between = d_between_[layer % 2];
      GRU_RETURN_IF_ERROR(between.reserve(device_, CheckedSize(rows) * width));
      d_input = {between.span().data(), rows, width, width};
    }
    GRU_RETURN_IF_ERROR(backward_layer(layer, pass, layer_input(layer, pass, kept), kept, d_output,
                                       d_input, gradients));
    if (layer > 0 && options_.dropout > 0) {
      DropoutMask mask = pass.dropout;
      mask.stream += layer - 1;
      GRU_RETURN_IF_ERROR(device_.dropout(d_input, d_input, mask, pass.rows->logical()));
    }
    d_output = d_input;
  }
  return {};
}

}  // namespace gru
