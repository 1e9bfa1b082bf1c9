#pragma once

#include "cuda/launch.h"
#include "device/device.h"

namespace gru::cuda {

Status attention_forward(const Queue& queue, const AttentionForward& call);
Status attention_backward(const Queue& queue, const AttentionBackward& call);

}  // namespace gru::cuda
