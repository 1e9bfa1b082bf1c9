#include "layers/joins.h"

namespace gru {

namespace {

const char* name_of(Every every) {
  return every == Every::step ? "a row for each step" : "one row for each sequence";
}

Status check_rows(const std::string& option, std::span<const EdgeShape> inputs) {
  for (const EdgeShape& input : inputs) {
    GRU_RETURN_IF_ERROR(check_values(option, input));
    if (input.every == inputs[0].every) continue;
    return Status::value(option + ": expected inputs with the same rows, got " +
                         name_of(inputs[0].every) + " and " + name_of(input.every));
  }
  return {};
}

}  // namespace

Status Concat::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                       ParameterLayout& /*layout*/, EdgeShape& output) {
  GRU_RETURN_IF_ERROR(check_rows(name.option("inputs"), inputs));
  std::size_t width = 0;
  for (const EdgeShape& input : inputs) {
    width += input.width;
    GRU_RETURN_IF_ERROR(check_layer_size(name.option("inputs"), width));
  }
  output = with_width(inputs[0], width);
  return {};
}

Status Concat::forward(const LayerForward& call) {
  std::size_t first = 0;
  for (const Sequence* input : call.inputs) {
    const std::size_t width = input->values.columns();
    GRU_RETURN_IF_ERROR(call.device.copy(call.output.column_range(first, width), input->values));
    first += width;
  }
  return {};
}

Status Concat::backward(const LayerBackward& call) {
  std::size_t first = 0;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    const std::size_t width = call.inputs[i]->values.columns();
    GRU_RETURN_IF_ERROR(call.d_inputs[i]->accumulate(
        call.device, call.d_output.values().column_range(first, width)));
    first += width;
  }
  return {};
}

Status Add::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                    ParameterLayout& /*layout*/, EdgeShape& output) {
  GRU_RETURN_IF_ERROR(check_rows(name.option("inputs"), inputs));
  for (const EdgeShape& input : inputs) {
    if (input.width == inputs[0].width) continue;
    return Status::value(name.option("inputs") + ": expected inputs of one width, got " +
                         std::to_string(inputs[0].width) + " and " + std::to_string(input.width) +
                         " values in a row");
  }
  output = with_width(inputs[0], inputs[0].width);
  return {};
}

Status Add::forward(const LayerForward& call) {
  GRU_RETURN_IF_ERROR(call.device.copy(call.output, call.inputs[0]->values));
  for (const Sequence* input : call.inputs.subspan(1)) {
    GRU_RETURN_IF_ERROR(call.device.add(call.output, input->values));
  }
  return {};
}

Status Add::backward(const LayerBackward& call) {
  for (SequenceGradient* d_input : call.d_inputs) {
    GRU_RETURN_IF_ERROR(d_input->accumulate(call.device, call.d_output.values()));
  }
  return {};
}

}  // namespace gru
