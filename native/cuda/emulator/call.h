#pragma once

#include "state.h"

/// What every function of the runtime does beside its own work: injected faults, lost devices, the
/// calling thread's last error.

namespace gru::emulator {

int current_device();
/// Remembers an error for cudaGetLastError.
cudaError_t remember(cudaError_t error);
/// The error asked for, if any; one of those that a GPU doesn't survive loses the current device.
cudaError_t inject_fault(const char* function);

/// body() unless a fault was asked for.
template <class Body>
cudaError_t call(const char* function, Body body) {
  const cudaError_t fault = inject_fault(function);
  return remember(fault != cudaSuccess ? fault : body());
}

/// body(device) for the calling thread's device, unless that is lost. What the body waited for may
/// have lost it.
template <class Body>
cudaError_t call_device(const char* function, Body body) {
  return call(function, [&]() -> cudaError_t {
    const Settings settings = state().settings();
    if (settings.devices == 0) return cudaErrorNoDevice;
    Device& device = state().device(current_device());
    if (device.lost() != cudaSuccess) return device.lost();
    const cudaError_t error = body(device);
    return error == cudaSuccess ? device.lost() : error;
  });
}

/// Releases something, come what may.
template <class Body>
cudaError_t call_release(const char* function, Body body) {
  const cudaError_t fault = inject_fault(function);
  const cudaError_t error = body(state().device(current_device()));
  const cudaError_t lost = state().device(current_device()).lost();
  if (fault != cudaSuccess) return remember(fault);
  return remember(error != cudaSuccess ? error : lost);
}

}  // namespace gru::emulator
