#pragma once

#include "cuda/recurrence.h"

/// The tier of larger layers: blocks share the units, and each keeps its units' recurrent weights
/// in shared memory through all steps of a launch. States go from block to block through global
/// memory, each step's to rows of its own, and blocks meet once or twice in every step.
namespace gru::cuda {

Status persistent_forward_fits(const RecurrentShape& shape, const Limits& limits,
                               const Queue& queue, bool& fits);
Status persistent_forward(Context& context, const CudaRecurrentWeights& weights,
                          const ForwardPass& pass, unsigned begin, unsigned end);

Status persistent_backward_fits(const RecurrentShape& shape, const Limits& limits,
                                const Queue& queue, bool& fits);
Status persistent_backward(Context& context, const CudaRecurrentWeights& weights,
                           const BackwardPass& pass, unsigned begin, unsigned end);

}  // namespace gru::cuda
