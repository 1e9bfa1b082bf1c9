#pragma once

#include "device/device.h"

/// The losses. Each is summed within parts of fixed size, and then over the parts in order.
namespace gru::cpu {

void cross_entropy(const CrossEntropyCall& call);
void value_loss(const ValueLossCall& call);
void ctc(const CtcCall& call);

}  // namespace gru::cpu
