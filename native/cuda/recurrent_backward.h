#pragma once

#include "cuda/recurrent_weights.h"

namespace gru::cuda {

Status recurrent_backward(Context& context, const CudaRecurrentWeights& weights,
                          const RecurrentBackward& call);

}  // namespace gru::cuda
