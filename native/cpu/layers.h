#pragma once

#include "device/device.h"

/// Operations of single layers on rows: activations, layer norm, means of sequences.

namespace gru::cpu {

void activate(DeviceMatrix<float> values, Activation activation);
void activate_backward(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                       DeviceMatrix<const float> values, Activation activation);
void layer_norm_forward(const LayerNormForward& call);
void layer_norm_backward(const LayerNormBackward& call);
void sequence_means(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                    const SequenceRows& rows);
void spread_means(DeviceMatrix<float> to, DeviceMatrix<const float> from, const SequenceRows& rows);

}  // namespace gru::cpu
