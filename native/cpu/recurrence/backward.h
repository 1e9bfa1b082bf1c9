#pragma once

#include "cpu/products/transposed_product.h"
#include "cpu/recurrence/forward.h"

namespace gru::cpu {

Status recurrent_backward(CpuRecurrentWeights& weights, const RecurrentBackward& call,
                          RecurrenceScratch& scratch, TransposedScratch& products);

}  // namespace gru::cpu
