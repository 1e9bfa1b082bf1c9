#pragma once

#include "cuda/recurrence.h"

/// The tier of larger layers. Blocks divide the units, and each keeps the recurrent weights of its
/// units in shared memory for all steps of a launch. Blocks exchange states through global memory,
/// where each step has its own rows, and wait for each other once or twice in every step.
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
