#pragma once

#include "state.h"

/// What every function of the runtime does besides its own work: it handles injected faults, lost
/// devices and the calling thread's last error.

namespace gru::emulator {

int current_device();
/// Remembers an error for cudaGetLastError.
cudaError_t remember(cudaError_t error);
/// Returns the injected error, if there is one. An error after which a GPU is unusable loses the
/// current device.
cudaError_t inject_fault(const char* function);

/// Runs body() unless a fault is injected.
template <class Body>
cudaError_t call(const char* function, Body body) {
  const cudaError_t fault = inject_fault(function);
  return remember(fault != cudaSuccess ? fault : body());
}

/// Runs body(device) for the calling thread's device, unless that device is lost. The work that
/// body waits for may also lose it.
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

/// Releases something, whatever errors there are.
template <class Body>
cudaError_t call_release(const char* function, Body body) {
  const cudaError_t fault = inject_fault(function);
  const cudaError_t error = body(state().device(current_device()));
  const cudaError_t lost = state().device(current_device()).lost();
  if (fault != cudaSuccess) return remember(fault);
  return remember(error != cudaSuccess ? error : lost);
}

}  // namespace gru::emulator
