#pragma once

#include "cuda/launch.h"
#include "cuda/scratch.h"
#include "device/device.h"

/// Losses and the gradients' norm. Their sums are formed in double, in one fixed order; `parts` is
/// where the sums of parts lie meanwhile.
namespace gru::cuda {

Status cross_entropy(const Queue& queue, Scratch<double>& parts, DeviceMatrix<const float> logits,
                     DeviceSpan<const std::int32_t> targets, DeviceMatrix<float> d_logits,
                     StepMetrics* metrics);
Status mean_squared_error(const Queue& queue, Scratch<double>& parts,
                          DeviceMatrix<const float> values, DeviceMatrix<const float> targets,
                          DeviceMatrix<float> d_values, StepMetrics* metrics);
Status gradient_norm(const Queue& queue, Scratch<double>& parts, DeviceSpan<const float> gradients,
                     StepMetrics* metrics);

}  // namespace gru::cuda
