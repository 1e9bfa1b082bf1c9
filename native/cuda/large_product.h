#pragma once

#include "cuda/context.h"

/// The large products, in the precision of the context.
namespace gru::cuda {

/// What Device::gemm promises.
Status multiply_for_engine(Context& context, const Product& product);

/// c = x W^T + bias for the inputs of a layer, whose values may be large.
Status multiply_inputs(Context& context, const Product& product);

/// A product that makes gradients, whose bits may depend on the number of rows.
Status multiply_gradient(Context& context, const Product& product);

}  // namespace gru::cuda
