#pragma once

#include "cuda/gru_weights.h"
#include "cuda/walk.h"

namespace gru::cuda {

/// What a pass backward leaves to large products over all rows: the gradients of the input, the
/// weights and the biases, from those of the gates that lie in the reserve.
Status multiply_gradients(Context& context, const CudaRecurrentWeights& weights,
                          const RecurrentBackward& call, const Walk& walk);

}  // namespace gru::cuda
