#pragma once

#include "cuda/recurrent_weights.h"
#include "cuda/walk.h"

namespace gru::cuda {

/// The large products after the backward pass through the steps, over all rows: they compute the
/// gradients of the input, the weights and the biases from the gates' gradients in the reserve.
Status multiply_gradients(Context& context, const CudaRecurrentWeights& weights,
                          const RecurrentBackward& call, const Walk& walk);

}  // namespace gru::cuda
