#pragma once

#include "cuda/recurrence.h"

/// The tier of small layers: a block keeps all recurrent weights in its shared memory, and has some
/// of the sequences for all their steps. Blocks never wait for each other.
namespace gru::cuda {

bool resident_forward_fits(const GruShape& shape, const Limits& limits);
Status resident_forward(Context& context, const CudaGruWeights& weights, const ForwardPass& pass,
                        unsigned begin, unsigned end);

bool resident_backward_fits(const GruShape& shape, const Limits& limits);
Status resident_backward(Context& context, const CudaGruWeights& weights, const BackwardPass& pass,
                         unsigned begin, unsigned end);

}  // namespace gru::cuda
