#pragma once

#include "cpu/gru_forward.h"

namespace gru::cpu {

Status gru_backward(CpuGruWeights& weights, const GruBackward& call, RecurrenceScratch& scratch,
                    ProductScratch& products);

}  // namespace gru::cpu
