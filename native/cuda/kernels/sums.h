#pragma once

#include "cuda/launch.h"
#include "cuda/scratch.h"
#include "device/device.h"

/// Sums over rows, in a fixed order.
namespace gru::cuda {

/// What the sums need besides their operands. Later calls reuse it.
struct SumScratch {
  Scratch<float> columns;      ///< partial sums of columns
  Scratch<unsigned> was_read;  ///< for each token, whether any row has it
};

Status column_sums(const Queue& queue, SumScratch& scratch, DeviceSpan<float> to,
                   DeviceMatrix<const float> from);
Status embedding_backward(const Queue& queue, SumScratch& scratch, DeviceMatrix<float> to,
                          DeviceSpan<const std::int32_t> tokens,
                          DeviceMatrix<const float> d_output);

}  // namespace gru::cuda
