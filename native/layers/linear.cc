#include "layers/linear.h"

#include <cmath>

namespace gru {

Status Linear::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                       ParameterLayout& layout, EdgeShape& output) {
  if (inputs[0].tokens) {
    return Status::value(name.option("input") +
                         ": expected values, got tokens, which need an embedding");
  }
  GRU_RETURN_IF_ERROR(check_layer_size(name.option("size"), size_));
  width_ = inputs[0].width;
  output = inputs[0];
  output.width = size_;
  output.recurrent = false;
  const auto initial = InitialValues::uniform(1 / std::sqrt(static_cast<double>(width_)));
  GRU_RETURN_IF_ERROR(layout.append(name.tensor("weight"), {size_, width_}, initial, weight_));
  return layout.append(name.tensor("bias"), {size_}, initial, bias_);
}

Status Linear::forward(const LayerForward& call) {
  Gemm product;
  product.a = call.inputs[0]->values;
  product.b = weight(call.parameters);
  product.transpose_b = Transpose::yes;
  product.c = call.output;
  product.bias = call.parameters.subspan(bias_, size_);
  return call.device.gemm(product);
}

Status Linear::backward(const LayerBackward& call) {
  const DeviceMatrix<const float> d_y = call.d_output.values();
  Gemm d_weight;
  d_weight.transpose_a = Transpose::yes;
  d_weight.a = d_y;
  d_weight.b = call.inputs[0]->values;
  d_weight.c = weight(call.gradients);
  GRU_RETURN_IF_ERROR(call.device.gemm(d_weight));
  GRU_RETURN_IF_ERROR(call.device.column_sums(call.gradients.subspan(bias_, size_), d_y));
  if (!call.d_inputs[0]->wanted()) return {};

  Gemm d_input;
  d_input.a = d_y;
  d_input.b = weight(call.parameters);
  GRU_RETURN_IF_ERROR(call.d_inputs[0]->open(call.device, d_input.c, d_input.accumulate));
  return call.device.gemm(d_input);
}

}  // namespace gru
