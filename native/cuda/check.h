#pragma once

#include <cuda_runtime.h>

#include "base/status.h"

namespace gru::cuda {

/// The ordinal of calls that concern no device in particular.
inline constexpr int no_device = -1;

/// What a call of the CUDA runtime on device `ordinal` reported, as a status that names the call,
/// the runtime's error and what to do. A memory status where memory ran out, else a device status.
///
/// Errors that leave a device unusable for the whole process are remembered: check_alive then
/// answers the same for every later call on it.
Status check(cudaError_t error, const char* call, int ordinal);

/// The status of the error that lost the device, or ok.
Status check_alive(int ordinal);

}  // namespace gru::cuda

/// Returns from the function where a call of the CUDA runtime fails. `ordinal` is the device's.
#define GRU_RETURN_IF_CUDA_ERROR(ordinal, call) \
  GRU_RETURN_IF_ERROR(::gru::cuda::check((call), #call, ordinal))
