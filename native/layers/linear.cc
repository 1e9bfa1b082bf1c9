#include "layers/linear.h"

namespace gru {

Status Linear::forward(Device& device, DeviceSpan<const float> parameters,
                       DeviceMatrix<const float> x, DeviceMatrix<float> y) const {
  Gemm product;
  product.a = x;
  product.b = weight(parameters);
  product.transpose_b = Transpose::yes;
  product.c = y;
  product.bias = parameters.subspan(bias_offset, outputs);
  return device.gemm(product);
}

Status Linear::backward(Device& device, DeviceSpan<const float> parameters,
                        DeviceMatrix<const float> x, DeviceMatrix<const float> d_y,
                        DeviceMatrix<float> d_x, DeviceSpan<float> gradients) const {
  Gemm d_weight;
  d_weight.transpose_a = Transpose::yes;
  d_weight.a = d_y;
  d_weight.b = x;
  d_weight.c = weight(gradients);
  GRU_RETURN_IF_ERROR(device.gemm(d_weight));
  GRU_RETURN_IF_ERROR(device.column_sums(gradients.subspan(bias_offset, outputs), d_y));

  Gemm d_input;
  d_input.a = d_y;
  d_input.b = weight(parameters);
  d_input.c = d_x;
  return device.gemm(d_input);
}

}  // namespace gru
