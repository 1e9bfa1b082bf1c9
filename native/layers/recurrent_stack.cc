#include "layers/recurrent_stack.h"

#include <cmath>

#include "base/checks.h"

namespace gru {

namespace {

/// The dropout of a layer's output.
DropoutMask mask_of(std::size_t layer, const RecurrentInput& inputs) {
  DropoutMask mask = inputs.dropout;
  mask.stream += layer;
  return mask;
}

Status check_options(const RecurrentOptions& options, const LayerName& name) {
  GRU_RETURN_IF_ERROR(check_layer_size(name.option("inputSize"), options.input_size));
  GRU_RETURN_IF_ERROR(check_layer_size(name.option("hiddenSize"), options.hidden_size));
  if (options.num_layers < 1 || options.num_layers > max_recurrent_layers) {
    return Status::value(name.option("numLayers") + ": expected an integer from 1 to " +
                         std::to_string(max_recurrent_layers) + ", got " +
                         std::to_string(options.num_layers));
  }
  if (!(options.dropout >= 0 && options.dropout < 1)) {
    return Status::value(name.option("dropout") +
                         ": expected a number from 0 to less than 1, got " +
                         text_of(options.dropout));
  }
  return {};
}

}  // namespace

Status RecurrentStack::declare(const RecurrentOptions& options, const LayerName& name,
                               ParameterLayout& layout) {
  GRU_RETURN_IF_ERROR(check_options(options, name));
  options_ = options;
  const std::size_t hidden = options.hidden_size;
  const std::size_t gates = options.spec().gates * hidden;
  const auto initial = InitialValues::uniform(1 / std::sqrt(static_cast<double>(hidden)));
  const auto append = [&](const std::string& own, std::vector<std::size_t> shape,
                          std::size_t& offset) {
    return layout.append(name.tensor(own), std::move(shape), initial, offset);
  };
  for (std::size_t layer = 0; layer < options.num_layers; ++layer) {
    for (std::size_t direction = 0; direction < options.num_directions(); ++direction) {
      const std::string suffix = "_l" + std::to_string(layer) + (direction == 1 ? "_reverse" : "");
      RecurrentOffsets at;
      GRU_RETURN_IF_ERROR(
          append("weight_ih" + suffix, {gates, options.layer_input_size(layer)}, at.weight_ih));
      GRU_RETURN_IF_ERROR(append("weight_hh" + suffix, {gates, hidden}, at.weight_hh));
      if (options.bias) {
        GRU_RETURN_IF_ERROR(append("bias_ih" + suffix, {gates}, at.bias_ih));
        GRU_RETURN_IF_ERROR(append("bias_hh" + suffix, {gates}, at.bias_hh));
      }
      offsets_.push_back(at);
    }
  }
  return {};
}

template <class T>
DeviceSpan<T> RecurrentStack::state_of(DeviceSpan<T> states, std::size_t layer,
                                       std::size_t direction, std::size_t batch) const {
  if (states.empty()) return {};
  const std::size_t block = batch * options_.hidden_size;
  return states.subspan(index_of(layer, direction) * block, block);
}

template <class T>
RecurrentTensors<T> RecurrentStack::tensors_of(DeviceSpan<T> flat, std::size_t layer,
                                               std::size_t direction) const {
  const RecurrentOffsets& at = offsets_[index_of(layer, direction)];
  const std::size_t gates = options_.spec().gates * options_.hidden_size;
  RecurrentTensors<T> tensors;
  tensors.weight_ih = flat.subspan(at.weight_ih, gates * options_.layer_input_size(layer));
  tensors.weight_hh = flat.subspan(at.weight_hh, gates * options_.hidden_size);
  if (options_.bias) {
    tensors.bias_ih = flat.subspan(at.bias_ih, gates);
    tensors.bias_hh = flat.subspan(at.bias_hh, gates);
  }
  return tensors;
}

Status RecurrentStack::load(Device& device, DeviceSpan<const float> parameters) {
  const std::size_t directions = options_.num_directions();
  weights_.resize(options_.num_layers * directions);
  for (std::size_t layer = 0; layer < options_.num_layers; ++layer) {
    for (std::size_t direction = 0; direction < directions; ++direction) {
      std::unique_ptr<RecurrentWeights>& weights = weights_[index_of(layer, direction)];
      if (!weights) {
        const RecurrentShape shape{options_.layer_input_size(layer), options_.hidden_size,
                                   options_.variant, options_.cell};
        GRU_RETURN_IF_ERROR(device.create_recurrent_weights(shape, weights));
      }
      GRU_RETURN_IF_ERROR(
          device.load_recurrent_weights(*weights, tensors_of(parameters, layer, direction)));
    }
  }
  return {};
}

void RecurrentStack::trim() {
  weights_.clear();
  for (Buffer<float>& between : d_between_) between = {};
}

Status RecurrentStack::prepare(const Pass& pass) const {
  RecurrentActivations& kept = pass.kept;
  kept.outputs.resize(options_.num_layers - 1);
  kept.dropped.resize(options_.num_layers - 1);
  kept.reserves.resize(options_.num_layers * options_.num_directions());
  kept.reserve_numbers.resize(kept.reserves.size());
  const CheckedSize states =
      CheckedSize(kept.reserves.size()) * pass.map().batch() * options_.hidden_size;
  if (options_.spec().states > 1) GRU_RETURN_IF_ERROR(kept.final_cell.reserve(pass.device, states));
  return kept.final_state.reserve(pass.device, states);
}

RecurrentForward RecurrentStack::forward_call(const Pass& pass, std::size_t layer,
                                              std::size_t direction,
                                              DeviceMatrix<const float> input,
                                              DeviceMatrix<float> output) const {
  const RowMap& map = pass.map();
  const std::size_t hidden = options_.hidden_size;
  RecurrentForward call;
  call.map = &map;
  call.reverse = direction == 1;
  call.input = input;
  call.initial_state = state_of(pass.inputs.initial_state, layer, direction, map.batch());
  call.initial_cell = state_of(pass.inputs.initial_cell, layer, direction, map.batch());
  call.output = output.column_range(direction * hidden, hidden);
  call.final_state = state_of(pass.kept.final_state.span(), layer, direction, map.batch());
  call.final_cell = state_of(pass.kept.final_cell.span(), layer, direction, map.batch());
  call.abort = pass.inputs.abort;
  return call;
}

Status RecurrentStack::forward_layer(const Pass& pass, std::size_t layer,
                                     DeviceMatrix<const float> input, DeviceMatrix<float> output) {
  for (std::size_t direction = 0; direction < options_.num_directions(); ++direction) {
    GRU_RETURN_IF_ERROR(
        pass.device.recurrent_forward(*weights_[index_of(layer, direction)],
                                      forward_call(pass, layer, direction, input, output)));
  }
  return {};
}

Status RecurrentStack::forward(Device& device, const RecurrentInput& inputs,
                               DeviceMatrix<float> output, RecurrentActivations& kept) {
  const Pass pass{device, inputs, kept};
  GRU_RETURN_IF_ERROR(prepare(pass));
  const std::size_t rows = pass.map().rows();
  const std::size_t last = options_.num_layers - 1;
  DeviceMatrix<const float> input = inputs.input;
  for (std::size_t layer = 0; layer <= last; ++layer) {
    DeviceMatrix<float> target = output;
    if (layer != last) {
      Buffer<float>& between = kept.outputs[layer % 2];
      GRU_RETURN_IF_ERROR(between.reserve(device, CheckedSize(rows) * options_.output_size()));
      target = {between.span().data(), rows, options_.output_size(), options_.output_size()};
    }
    GRU_RETURN_IF_ERROR(forward_layer(pass, layer, input, target));
    input = target;
  }
  return {};
}

Status RecurrentStack::open_reserve(const Pass& pass, std::size_t index,
                                    DeviceSpan<float>& reserve) const {
  RecurrentActivations& kept = pass.kept;
  SharedReserve* const shared = pass.inputs.shared_reserve;
  const CheckedSize count =
      CheckedSize(pass.map().rows()) * options_.spec().reserve * options_.hidden_size;
  if (shared != nullptr) {
    GRU_RETURN_IF_ERROR(shared->open(pass.device, count, kept.reserve_numbers[index]));
    reserve = shared->values();
    return {};
  }
  GRU_RETURN_IF_ERROR(kept.reserves[index].reserve(pass.device, count));
  reserve = kept.reserves[index].span();
  return {};
}

Status RecurrentStack::forward_direction(const Pass& pass, std::size_t layer, std::size_t direction,
                                         DeviceSpan<float>& reserve) {
  const std::size_t index = index_of(layer, direction);
  GRU_RETURN_IF_ERROR(open_reserve(pass, index, reserve));
  RecurrentForward call =
      forward_call(pass, layer, direction, layer_input(pass, layer), layer_output(pass, layer));
  call.reserve = reserve;
  return pass.device.recurrent_forward(*weights_[index], call);
}

Status RecurrentStack::restore_reserve(const Pass& pass, std::size_t layer, std::size_t direction,
                                       DeviceSpan<float>& reserve) {
  const std::size_t index = index_of(layer, direction);
  SharedReserve* const shared = pass.inputs.shared_reserve;
  if (shared == nullptr) {
    reserve = pass.kept.reserves[index].span();
    return {};
  }
  if (shared->holds(pass.kept.reserve_numbers[index])) {
    reserve = shared->values();
    return {};
  }
  return forward_direction(pass, layer, direction, reserve);
}

Status RecurrentStack::forward_training(Device& device, const RecurrentInput& inputs,
                                        DeviceMatrix<float> output, RecurrentActivations& kept) {
  const Pass pass{device, inputs, kept};
  GRU_RETURN_IF_ERROR(prepare(pass));
  kept.output = output;
  const CheckedSize rows = pass.map().rows();
  const std::size_t width = options_.output_size();
  for (std::size_t layer = 0; layer < options_.num_layers; ++layer) {
    const bool last = layer + 1 == options_.num_layers;
    if (!last) GRU_RETURN_IF_ERROR(kept.outputs[layer].reserve(device, rows * width));
    for (std::size_t direction = 0; direction < options_.num_directions(); ++direction) {
      DeviceSpan<float> reserve;
      GRU_RETURN_IF_ERROR(forward_direction(pass, layer, direction, reserve));
    }
    if (options_.dropout > 0 && !last) {
      GRU_RETURN_IF_ERROR(kept.dropped[layer].reserve(device, rows * width));
      GRU_RETURN_IF_ERROR(device.dropout(DeviceMatrix<float>(kept.dropped[layer].span(), width),
                                         layer_output(pass, layer), mask_of(layer, inputs),
                                         inputs.rows->logical()));
    }
  }
  return {};
}

DeviceMatrix<const float> RecurrentStack::layer_input(const Pass& pass, std::size_t layer) const {
  if (layer == 0) return pass.inputs.input;
  const auto& inputs = options_.dropout > 0 ? pass.kept.dropped : pass.kept.outputs;
  return {inputs[layer - 1].span(), options_.output_size()};
}

DeviceMatrix<float> RecurrentStack::layer_output(const Pass& pass, std::size_t layer) const {
  if (layer + 1 == options_.num_layers) return pass.kept.output;
  return {pass.kept.outputs[layer].span(), options_.output_size()};
}

Status RecurrentStack::backward_layer(const Pass& pass, std::size_t layer,
                                      DeviceMatrix<const float> d_output,
                                      DeviceMatrix<float> d_input,
                                      const RecurrentGradients& gradients) {
  const RowMap& map = pass.map();
  const std::size_t hidden = options_.hidden_size;
  for (std::size_t direction = 0; direction < options_.num_directions(); ++direction) {
    RecurrentBackward call;
    call.map = &map;
    call.reverse = direction == 1;
    call.input = layer_input(pass, layer);
    call.initial_state = state_of(pass.inputs.initial_state, layer, direction, map.batch());
    call.initial_cell = state_of(pass.inputs.initial_cell, layer, direction, map.batch());
    call.output = layer_output(pass, layer).column_range(direction * hidden, hidden);
    GRU_RETURN_IF_ERROR(restore_reserve(pass, layer, direction, call.reserve));
    if (!d_output.empty()) call.d_output = d_output.column_range(direction * hidden, hidden);
    call.d_final_state = state_of(gradients.d_state, layer, direction, map.batch());
    call.d_final_cell = state_of(gradients.d_cell, layer, direction, map.batch());
    call.d_input = d_input;
    call.add_to_d_input = direction == 1 || (layer == 0 && gradients.add_to_d_input);
    call.d_initial_state = state_of(gradients.d_initial_state, layer, direction, map.batch());
    call.d_initial_cell = state_of(gradients.d_initial_cell, layer, direction, map.batch());
    call.gradients = tensors_of(gradients.parameters, layer, direction);
    call.abort = pass.inputs.abort;
    GRU_RETURN_IF_ERROR(
        pass.device.recurrent_backward(*weights_[index_of(layer, direction)], call));
  }
  return {};
}

Status RecurrentStack::backward(Device& device, const RecurrentInput& inputs,
                                RecurrentActivations& kept, const RecurrentGradients& gradients) {
  const Pass pass{device, inputs, kept};
  const std::size_t rows = pass.map().rows();
  const std::size_t width = options_.output_size();
  DeviceMatrix<const float> d_output = gradients.d_output;
  for (std::size_t layer = options_.num_layers; layer-- > 0;) {
    DeviceMatrix<float> d_input = gradients.d_input;
    if (layer > 0) {
      Buffer<float>& between = d_between_[layer % 2];
      GRU_RETURN_IF_ERROR(between.reserve(device, CheckedSize(rows) * width));
      d_input = {between.span().data(), rows, width, width};
    }
    GRU_RETURN_IF_ERROR(backward_layer(pass, layer, d_output, d_input, gradients));
    if (layer > 0 && options_.dropout > 0) {
      GRU_RETURN_IF_ERROR(
          device.dropout(d_input, d_input, mask_of(layer - 1, inputs), inputs.rows->logical()));
    }
    d_output = d_input;
  }
  return {};
}

}  // namespace gru
