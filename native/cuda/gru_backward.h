#pragma once

#include "cuda/gru_weights.h"

namespace gru::cuda {

Status gru_backward(Context& context, const CudaGruWeights& weights, const GruBackward& call);

}  // namespace gru::cuda
