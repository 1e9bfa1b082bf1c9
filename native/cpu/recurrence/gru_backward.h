#pragma once

#include "cpu/products/transposed_product.h"
#include "cpu/recurrence/gru_forward.h"

namespace gru::cpu {

Status gru_backward(CpuGruWeights& weights, const GruBackward& call, RecurrenceScratch& scratch,
                    TransposedScratch& products);

}  // namespace gru::cpu
