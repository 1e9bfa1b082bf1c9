#pragma once

#include "cuda/recurrent_weights.h"

namespace gru::cuda {

Status recurrent_forward(Context& context, const CudaRecurrentWeights& weights,
                         const RecurrentForward& call);

}  // namespace gru::cuda
