#pragma once

#include "cpu/aligned_buffer.h"
#include "device/device.h"

/// The device's operations that are not products: copies of rows, masks, norms, optimisers.

namespace gru::cpu {

void add(DeviceMatrix<float> to, DeviceMatrix<const float> from);

template <class T>
void gather_rows(T* to, std::size_t to_stride, const T* from, std::size_t from_stride,
                 std::size_t width, DeviceSpan<const std::int32_t> index);

void embedding_backward(DeviceMatrix<float> table_gradient, DeviceSpan<const std::int32_t> tokens,
                        DeviceMatrix<const float> d_output);
void dropout(DeviceMatrix<float> to, DeviceMatrix<const float> from, const DropoutMask& mask,
             DeviceSpan<const std::int32_t> number);

void column_sums(float* to, DeviceMatrix<const float> from);

double norm(DeviceSpan<const float> values);
void scale(DeviceSpan<float> values, float factor);
void clamp(DeviceSpan<float> values, float limit);
void optimizer_update(const OptimizerUpdate& update);
void lerp(DeviceSpan<float> to, DeviceSpan<const float> from, float weight);

}  // namespace gru::cpu
