#pragma once

#include "device/device.h"

namespace gru::cpu {

void attention_forward(const AttentionForward& call);
void attention_backward(const AttentionBackward& call);

}  // namespace gru::cpu
