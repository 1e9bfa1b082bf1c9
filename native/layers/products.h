#pragma once

#include "layers/layer.h"

/// The products of layers with weights [size, width], y = x W^T, for any number of rows, none too.

namespace gru {

/// y = x W^T + bias, which may be empty.
Status multiply_rows(Device& device, DeviceMatrix<const float> x, DeviceMatrix<const float> weight,
                     DeviceSpan<const float> bias, DeviceMatrix<float> y);

/// d_weight = d_y^T x.
Status weight_gradient(Device& device, DeviceMatrix<const float> d_y, DeviceMatrix<const float> x,
                       DeviceMatrix<float> d_weight);

/// d_y W, written to the gradient of x or added to it.
Status input_gradient(Device& device, DeviceMatrix<const float> d_y,
                      DeviceMatrix<const float> weight, SequenceGradient& d_x);

}  // namespace gru
