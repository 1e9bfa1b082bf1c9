#pragma once

#include "cuda/context.h"

/// Large products, in the precision of the context.
namespace gru::cuda {

/// A product as Device::gemm specifies it.
Status multiply_for_engine(Context& context, const Product& product);

/// c = x W^T + bias for the inputs of a layer, which may have large values.
Status multiply_inputs(Context& context, const Product& product);

/// A product for gradients. Its bits may depend on the number of rows.
Status multiply_gradient(Context& context, const Product& product);

}  // namespace gru::cuda
