#pragma once

#include "cuda/launch.h"
#include "device/device.h"

/// The device's operations on memory; see device/device.h.
namespace gru::cuda {

Status fill(const Queue& queue, DeviceMatrix<float> to, float value);
Status copy(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from);
Status add(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from);
Status gather_rows(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from,
                   DeviceSpan<const std::int32_t> index);
Status gather_rows(const Queue& queue, DeviceSpan<std::int32_t> to,
                   DeviceSpan<const std::int32_t> from, DeviceSpan<const std::int32_t> index);
Status dropout(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from,
               const DropoutMask& mask, DeviceSpan<const std::int32_t> number);

}  // namespace gru::cuda
