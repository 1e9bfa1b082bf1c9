#pragma once

#include "cpu/products/transposed_product.h"
#include "cpu/recurrence/forward.h"

namespace gru::cpu {

/// The products that follow the walk back: from the reserve, which then holds the gradients of the
/// gates' inputs, those of input, weights and biases, each for all steps together.
Status multiply_gradients(const CpuRecurrentWeights& weights, const RecurrentBackward& call,
                          const float* initial_state, RecurrenceScratch& scratch,
                          TransposedScratch& products);

}  // namespace gru::cpu
