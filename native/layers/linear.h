#pragma once

#include <cstddef>

#include "device/device.h"

namespace gru {

/// y = x W^T + b with weight [outputs, inputs] and bias [outputs] at offsets of a flat vector.
struct Linear {
  std::size_t weight_offset = 0;
  std::size_t bias_offset = 0;
  std::size_t inputs = 0;
  std::size_t outputs = 0;

  /// y [rows, outputs] from x [rows, inputs].
  Status forward(Device& device, DeviceSpan<const float> parameters, DeviceMatrix<const float> x,
                 DeviceMatrix<float> y) const;
  /// d_x [rows, inputs] and the gradients of weight and bias, from d_y [rows, outputs].
  Status backward(Device& device, DeviceSpan<const float> parameters, DeviceMatrix<const float> x,
                  DeviceMatrix<const float> d_y, DeviceMatrix<float> d_x,
                  DeviceSpan<float> gradients) const;

 private:
  template <class T>
  DeviceMatrix<T> weight(DeviceSpan<T> flat) const {
    return {flat.subspan(weight_offset, outputs * inputs), inputs};
  }
};

}  // namespace gru
