#pragma once

#include "cuda/gru_weights.h"

namespace gru::cuda {

Status gru_forward(Context& context, const CudaGruWeights& weights, const GruForward& call);

}  // namespace gru::cuda
