#pragma once

#include "cpu/products/transposed_product.h"
#include "cpu/recurrence/forward.h"

namespace gru::cpu {

/// The products after the backward pass through the steps. The reserve then has the gradients of
/// the gates' inputs. From them it computes the gradients of the input, weights and biases, each
/// for all steps together.
Status multiply_gradients(const CpuRecurrentWeights& weights, const RecurrentBackward& call,
                          const float* initial_state, RecurrenceScratch& scratch,
                          TransposedScratch& products);

}  // namespace gru::cpu
