#include "layers/linear.h"

#include <cmath>

namespace gru {

namespace {

struct BeforeActivation final : LayerPass {
  Buffer<float> gradient;  ///< of x W^T + b

  std::size_t held_bytes() const override { return gradient.bytes(); }
};

}  // namespace

Status Linear::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                       ParameterLayout& layout, EdgeShape& output) {
  GRU_RETURN_IF_ERROR(check_values(name.option("input"), inputs[0]));
  GRU_RETURN_IF_ERROR(check_layer_size(name.option("size"), size_));
  width_ = inputs[0].width;
  output = with_width(inputs[0], size_);
  const auto initial = InitialValues::uniform(1 / std::sqrt(static_cast<double>(width_)));
  GRU_RETURN_IF_ERROR(layout.append(name.tensor("weight"), {size_, width_}, initial, weight_));
  return layout.append(name.tensor("bias"), {size_}, initial, bias_);
}

Status Linear::load(Device& device, DeviceSpan<const float> parameters) {
  return loaded_.load(device, weight(parameters));
}

std::unique_ptr<LayerPass> Linear::make_pass() const {
  return std::make_unique<BeforeActivation>();
}

Status Linear::forward(const LayerForward& call) {
  GRU_RETURN_IF_ERROR(loaded_.multiply_rows(call, call.inputs[0]->values,
                                            call.parameters.subspan(bias_, size_), call.output));
  if (activation_ == Activation::none) return {};
  return call.device.activate(call.output, activation_);
}

Status Linear::backward(const LayerBackward& call) {
  DeviceMatrix<const float> d_y = call.d_output.values();
  if (activation_ != Activation::none) {
    Buffer<float>& buffer = static_cast<BeforeActivation*>(call.pass)->gradient;
    GRU_RETURN_IF_ERROR(buffer.reserve(call.device, CheckedSize(d_y.rows()) * size_));
    const DeviceMatrix<float> d_sum(buffer.span().data(), d_y.rows(), size_, size_);
    GRU_RETURN_IF_ERROR(call.device.activate_backward(d_sum, d_y, call.output.values, activation_));
    d_y = d_sum;
  }
  GRU_RETURN_IF_ERROR(
      weight_gradient(call.device, d_y, call.inputs[0]->values, weight(call.gradients)));
  GRU_RETURN_IF_ERROR(call.device.column_sums(call.gradients.subspan(bias_, size_), d_y));
  return input_gradient(call.device, d_y, weight(call.parameters), *call.d_inputs[0]);
}

}  // namespace gru
