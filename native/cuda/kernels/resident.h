#pragma once

#include "cuda/recurrence.h"

/// The tier of small layers. A block keeps all recurrent weights in its shared memory and computes
/// all steps of some sequences. Blocks never wait for each other.
namespace gru::cuda {

bool resident_forward_fits(const RecurrentShape& shape, const Limits& limits);
Status resident_forward(Context& context, const CudaRecurrentWeights& weights,
                        const ForwardPass& pass, unsigned begin, unsigned end);

bool resident_backward_fits(const RecurrentShape& shape, const Limits& limits);
Status resident_backward(Context& context, const CudaRecurrentWeights& weights,
                         const BackwardPass& pass, unsigned begin, unsigned end);

}  // namespace gru::cuda
