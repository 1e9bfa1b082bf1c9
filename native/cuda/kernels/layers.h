#pragma once

#include "cuda/launch.h"
#include "device/device.h"

/// The device's operations of single layers on rows; see device/device.h.
namespace gru::cuda {

Status activate(const Queue& queue, DeviceMatrix<float> values, Activation activation);
Status activate_backward(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from,
                         DeviceMatrix<const float> values, Activation activation);
Status layer_norm_forward(const Queue& queue, const LayerNormForward& call);
Status layer_norm_backward(const Queue& queue, const LayerNormBackward& call);
Status sequence_means(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from,
                      const SequenceRows& rows);
Status spread_means(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from,
                    const SequenceRows& rows);

}  // namespace gru::cuda
