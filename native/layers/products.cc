#include "layers/products.h"

namespace gru {

Status ForwardWeight::load(Device& device, DeviceMatrix<const float> weight) {
  weight_ = weight;
  if (!for_inference_) GRU_RETURN_IF_ERROR(device.create_linear_weights(for_inference_));
  return device.load_linear_weights(*for_inference_, weight);
}

Status ForwardWeight::multiply_rows(const LayerForward& call, DeviceMatrix<const float> x,
                                    DeviceSpan<const float> bias, DeviceMatrix<float> y) const {
  if (y.empty()) return {};
  if (call.mode == PassMode::inference) {
    return call.device.linear_forward(*for_inference_, {x, bias, y});
  }
  Gemm product;
  product.a = x;
  product.b = weight_;
  product.transpose_b = Transpose::yes;
  product.c = y;
  product.bias = bias;
  return call.device.gemm(product);
}

Status weight_gradient(Device& device, DeviceMatrix<const float> d_y, DeviceMatrix<const float> x,
                       DeviceMatrix<float> d_weight) {
  if (d_y.empty()) return device.fill(d_weight, 0);  // a product needs at least one term
  Gemm product;
  product.transpose_a = Transpose::yes;
  product.a = d_y;
  product.b = x;
  product.c = d_weight;
  return device.gemm(product);
}

Status input_gradient(Device& device, DeviceMatrix<const float> d_y,
                      DeviceMatrix<const float> weight, SequenceGradient& d_x) {
  if (!d_x.wanted()) return {};
  Gemm product;
  product.a = d_y;
  product.b = weight;
  GRU_RETURN_IF_ERROR(d_x.open(device, product.c, product.accumulate));
  return product.c.empty() ? Status() : device.gemm(product);
}

}  // namespace gru
