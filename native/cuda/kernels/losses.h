#pragma once

#include "cuda/launch.h"
#include "cuda/scratch.h"
#include "device/device.h"

/// Losses and the gradients' norm. Sums are in double and in a fixed order; `parts` is memory for
/// the sums of parts.
namespace gru::cuda {

Status cross_entropy(const Queue& queue, Scratch<double>& parts, const CrossEntropyCall& call);
Status value_loss(const Queue& queue, Scratch<double>& parts, const ValueLossCall& call);
Status ctc(const Queue& queue, Scratch<double>& parts, const CtcCall& call);
Status gradient_norm(const Queue& queue, Scratch<double>& parts, DeviceSpan<const float> gradients,
                     StepMetrics* metrics);

/// metrics->loss = the sum of the parts * scale.
Status scaled_sum(const Queue& queue, const double* parts, std::size_t count, double scale,
                  StepMetrics* metrics);

}  // namespace gru::cuda
