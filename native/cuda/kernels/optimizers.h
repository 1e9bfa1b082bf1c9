#pragma once

#include "cuda/launch.h"
#include "device/device.h"

/// The device's operations on gradients and parameters; see device/device.h.
namespace gru::cuda {

Status clip_norm(const Queue& queue, DeviceSpan<float> gradients, const StepMetrics* metrics,
                 double limit);
Status clip_value(const Queue& queue, DeviceSpan<float> gradients, double limit);
Status optimizer_update(const Queue& queue, const OptimizerUpdate& update);
Status lerp(const Queue& queue, DeviceSpan<float> to, DeviceSpan<const float> from, double weight);

}  // namespace gru::cuda
