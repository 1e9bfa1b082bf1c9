#pragma once

#include <cuda_runtime.h>

#include "base/status.h"

namespace gru::cuda {

/// The ordinal for calls that do not concern one device.
inline constexpr int no_device = -1;

/// Turns the result of a call of the CUDA runtime on device `ordinal` into a status that names the
/// call, the runtime's error and what to do. It is a memory status if memory ran out, otherwise a
/// device status.
///
/// Errors that make a device unusable for the rest of the process are remembered: check_alive then
/// returns the same status for every later call on that device.
Status check(cudaError_t error, const char* call, int ordinal);

/// The status of the error that lost the device, or ok.
Status check_alive(int ordinal);

}  // namespace gru::cuda

/// Returns from the calling function if a call of the CUDA runtime fails. `ordinal` is the
/// device's.
#define GRU_RETURN_IF_CUDA_ERROR(ordinal, call) \
  GRU_RETURN_IF_ERROR(::gru::cuda::check((call), #call, ordinal))
