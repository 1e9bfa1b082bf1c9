#include "layers/recurrent.h"

namespace gru {

namespace {

struct KeptActivations final : LayerPass {
  RecurrentActivations activations;
};

RecurrentActivations& activations_of(LayerPass* pass) {
  return static_cast<KeptActivations*>(pass)->activations;
}

}  // namespace

Status Recurrent::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                          ParameterLayout& layout, EdgeShape& output) {
  if (inputs[0].tokens || inputs[0].every != Every::step) {
    return Status::value(
        name.option("input") + ": expected a sequence of values, got " +
        (inputs[0].tokens ? "tokens, which need an embedding" : "one row for each sequence"));
  }
  options_.input_size = inputs[0].width;
  output = inputs[0];
  output.width = options_.output_size();
  output.recurrent = true;
  return stack_.declare(options_, name, layout);
}

Status Recurrent::load(Device& device, DeviceSpan<const float> parameters) {
  return stack_.load(device, parameters);
}

std::unique_ptr<LayerPass> Recurrent::make_pass() const {
  return std::make_unique<KeptActivations>();
}

Status Recurrent::forward(const LayerForward& call) {
  RecurrentActivations& kept = activations_of(call.pass);
  RecurrentInput input;
  input.rows = call.inputs[0]->rows;
  input.input = call.inputs[0]->values;
  input.dropout = call.dropout;
  input.dropout.probability = options_.dropout;
  input.abort = call.abort;
  GRU_RETURN_IF_ERROR(call.training ? stack_.forward_training(call.device, input, call.output, kept)
                                    : stack_.forward(call.device, input, call.output, kept));
  call.edge.final_state = kept.final_state.span();
  call.edge.hidden_size = options_.hidden_size;
  return {};
}

Status Recurrent::backward(const LayerBackward& call) {
  RecurrentInput input;
  input.rows = call.inputs[0]->rows;
  input.input = call.inputs[0]->values;
  input.dropout = call.dropout;
  input.dropout.probability = options_.dropout;
  input.abort = call.abort;
  RecurrentGradients gradients;
  gradients.d_output = call.d_output.values();
  gradients.d_state = call.d_output.final_state();
  gradients.parameters = call.gradients;
  bool add = false;
  if (call.d_inputs[0]->wanted()) {
    GRU_RETURN_IF_ERROR(call.d_inputs[0]->open(call.device, gradients.d_input, add));
  }
  gradients.add_to_d_input = add;
  return stack_.backward(call.device, input, call.output.values, activations_of(call.pass),
                         gradients);
}

}  // namespace gru
