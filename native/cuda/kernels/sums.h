#pragma once

#include "cuda/launch.h"
#include "cuda/scratch.h"
#include "device/device.h"

/// Sums over rows, in one fixed order.
namespace gru::cuda {

/// What the sums need beside their operands; reused from call to call.
struct SumScratch {
  Scratch<float> columns;      ///< partial sums of columns
  Scratch<unsigned> was_read;  ///< of each token, whether any row read it
};

Status column_sums(const Queue& queue, SumScratch& scratch, DeviceSpan<float> to,
                   DeviceMatrix<const float> from);
Status embedding_backward(const Queue& queue, SumScratch& scratch, DeviceMatrix<float> to,
                          DeviceSpan<const std::int32_t> tokens,
                          DeviceMatrix<const float> d_output);

}  // namespace gru::cuda
