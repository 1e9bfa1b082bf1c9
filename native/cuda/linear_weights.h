#pragma once

#include "device/device.h"

namespace gru::cuda {

/// The weight of a linear layer. Kernels read it where it is.
struct CudaLinearWeights final : LinearWeights {
  DeviceMatrix<const float> weight;  ///< [size, width]

  Gemm product_of(const LinearForward& call) const {
    Gemm product;
    product.a = call.input;
    product.b = weight;
    product.transpose_b = Transpose::yes;
    product.c = call.output;
    product.bias = call.bias;
    return product;
  }
};

}  // namespace gru::cuda
