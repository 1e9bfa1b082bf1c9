#pragma once

#include "cuda/recurrence.h"

namespace gru::cuda {

/// The tier for layers of any size: one or two products and a pointwise kernel for each step.
Status stepwise_forward(Context& context, const CudaRecurrentWeights& weights,
                        const ForwardPass& pass, unsigned begin, unsigned end);
Status stepwise_backward(Context& context, const CudaRecurrentWeights& weights,
                         const BackwardPass& pass, unsigned begin, unsigned end);

}  // namespace gru::cuda
