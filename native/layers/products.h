#pragma once

#include "layers/layer.h"

/// The products of layers with weights [size, width], y = x W^T. The number of rows may be 0.

namespace gru {

/// y = x W^T + bias. `bias` may be empty.
Status multiply_rows(Device& device, DeviceMatrix<const float> x, DeviceMatrix<const float> weight,
                     DeviceSpan<const float> bias, DeviceMatrix<float> y);

/// d_weight = d_y^T x.
Status weight_gradient(Device& device, DeviceMatrix<const float> d_y, DeviceMatrix<const float> x,
                       DeviceMatrix<float> d_weight);

/// Writes d_y W to the gradient of x, or adds it.
Status input_gradient(Device& device, DeviceMatrix<const float> d_y,
                      DeviceMatrix<const float> weight, SequenceGradient& d_x);

}  // namespace gru
