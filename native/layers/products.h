#pragma once

#include <memory>

#include "layers/layer.h"

/// The products of layers with weights [size, width], y = x W^T. The number of rows may be 0.

namespace gru {

/// A weight as the forward passes of a layer use it. Many predictions follow a change of the
/// weight, so for them the device may keep a copy in its own order. In training one pass follows
/// each change, and a copy would only take memory.
class ForwardWeight {
 public:
  /// Takes over the weight after a change, see Device::load_linear_weights.
  Status load(Device& device, DeviceMatrix<const float> weight);
  /// As of Layer::trim.
  void trim() { for_inference_.reset(); }
  /// y = x W^T + bias, in training or not as `call` says, to the same bits. `bias` may be empty.
  Status multiply_rows(const LayerForward& call, DeviceMatrix<const float> x,
                       DeviceSpan<const float> bias, DeviceMatrix<float> y) const;

 private:
  DeviceMatrix<const float> weight_;
  std::unique_ptr<LinearWeights> for_inference_;
};

/// d_weight = d_y^T x.
Status weight_gradient(Device& device, DeviceMatrix<const float> d_y, DeviceMatrix<const float> x,
                       DeviceMatrix<float> d_weight);

/// Writes d_y W to the gradient of x, or adds it.
Status input_gradient(Device& device, DeviceMatrix<const float> d_y,
                      DeviceMatrix<const float> weight, SequenceGradient& d_x);

}  // namespace gru
