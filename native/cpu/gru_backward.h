#pragma once

#include "cpu/gru_forward.h"
#include "cpu/transposed_product.h"

namespace gru::cpu {

Status gru_backward(CpuGruWeights& weights, const GruBackward& call, RecurrenceScratch& scratch,
                    TransposedScratch& products);

}  // namespace gru::cpu
