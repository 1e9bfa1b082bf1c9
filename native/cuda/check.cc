#include "cuda/check.h"

#include <atomic>
#include <string>
#include <string_view>

namespace gru::cuda {

namespace {

/// More devices than any machine has. Errors of devices beyond are reported but not remembered.
constexpr int max_devices = 64;

/// The error that lost each device. It is constant-initialised and trivially destroyed, since a
/// device may be used while the process ends.
std::atomic<int> lost_devices[max_devices];

bool loses_device(cudaError_t error) {
  switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorECCUncorrectable:
    case cudaErrorAssert:
    case cudaErrorContextIsDestroyed:
      return true;
    default:
      return false;
  }
}

const char* remedy(cudaError_t error) {
  switch (error) {
    case cudaErrorMemoryAllocation:
      return "free memory on the device, or use a smaller batch or model";
    case cudaErrorNoDevice:
      return "this machine has no GPU that CUDA can use; use device 'cpu'";
    case cudaErrorInsufficientDriver:
      return "install a newer NVIDIA driver, or use device 'cpu'";
    case cudaErrorInvalidDevice:
      return "name a device that is there";
    case cudaErrorDevicesUnavailable:
      return "another process holds the device; wait for it, or use device 'cpu'";
    default:
      break;
  }
  return loses_device(error)
             ? "the device is lost to this process: restart it to use the device again; device "
               "'cpu' still works"
             : "see nvidia-smi and the system's log; device 'cpu' still works";
}

/// The name of the function in the text of a call.
std::string_view name_of(std::string_view call) { return call.substr(0, call.find('(')); }

Status status_of(cudaError_t error, const std::string& message) {
  return error == cudaErrorMemoryAllocation ? Status::memory(message) : Status::device(message);
}

std::string describe(cudaError_t error, int ordinal) {
  const std::string device = ordinal == no_device ? "cuda" : "cuda:" + std::to_string(ordinal);
  return device + ": " + cudaGetErrorName(error) + " (" + cudaGetErrorString(error) +
         "): " + remedy(error);
}

}  // namespace

Status check(cudaError_t error, const char* call, int ordinal) {
  if (error == cudaSuccess) return {};
  // Clears the error. Otherwise the runtime would report it again after a later call that succeeds.
  static_cast<void>(cudaGetLastError());
  if (loses_device(error) && ordinal >= 0 && ordinal < max_devices) {
    lost_devices[ordinal].store(error, std::memory_order_relaxed);
    return check_alive(ordinal);
  }
  std::string message(name_of(call));
  return status_of(error, message.append(" failed on ").append(describe(error, ordinal)));
}

Status check_alive(int ordinal) {
  if (ordinal < 0 || ordinal >= max_devices) return {};
  const auto error =
      static_cast<cudaError_t>(lost_devices[ordinal].load(std::memory_order_relaxed));
  return error == cudaSuccess ? Status() : status_of(error, "lost " + describe(error, ordinal));
}

}  // namespace gru::cuda
