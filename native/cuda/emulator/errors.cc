#include <string>

#include "call.h"
#include "fatal.h"
#include "runtime_api.h"

namespace gru::emulator {
namespace {

struct ErrorText {
  cudaError_t error;
  const char* name;
  const char* text;
};

#define GRU_ERROR(name, text) \
  { name, #name, text }
constexpr ErrorText kErrors[] = {
    GRU_ERROR(cudaSuccess, "no error"),
    GRU_ERROR(cudaErrorInvalidValue, "invalid argument"),
    GRU_ERROR(cudaErrorMemoryAllocation, "out of memory"),
    GRU_ERROR(cudaErrorInitializationError, "initialization error"),
    GRU_ERROR(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    GRU_ERROR(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    GRU_ERROR(cudaErrorInsufficientDriver,
              "CUDA driver version is insufficient for CUDA runtime version"),
    GRU_ERROR(cudaErrorDevicesUnavailable, "CUDA-capable device(s) is/are busy or unavailable"),
    GRU_ERROR(cudaErrorInvalidDeviceFunction, "invalid device function"),
    GRU_ERROR(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    GRU_ERROR(cudaErrorInvalidDevice, "invalid device ordinal"),
    GRU_ERROR(cudaErrorNoKernelImageForDevice,
              "no kernel image is available for execution on the device"),
    GRU_ERROR(cudaErrorECCUncorrectable, "uncorrectable ECC error encountered"),
    GRU_ERROR(cudaErrorUnsupportedPtxVersion,
              "the provided PTX was compiled with an unsupported toolchain."),
    GRU_ERROR(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    GRU_ERROR(cudaErrorNotReady, "device not ready"),
    GRU_ERROR(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    GRU_ERROR(cudaErrorLaunchOutOfResources, "too many resources requested for launch"),
    GRU_ERROR(cudaErrorLaunchTimeout, "the launch timed out and was terminated"),
    GRU_ERROR(cudaErrorContextIsDestroyed, "context is destroyed"),
    GRU_ERROR(cudaErrorAssert, "device-side assert triggered"),
    GRU_ERROR(cudaErrorHardwareStackError, "hardware stack error"),
    GRU_ERROR(cudaErrorIllegalInstruction, "an illegal instruction was encountered"),
    GRU_ERROR(cudaErrorMisalignedAddress, "misaligned address"),
    GRU_ERROR(cudaErrorInvalidAddressSpace,
              "operation not supported on global/shared address space"),
    GRU_ERROR(cudaErrorInvalidPc, "invalid program counter"),
    GRU_ERROR(cudaErrorLaunchFailure, "unspecified launch failure"),
    GRU_ERROR(cudaErrorCooperativeLaunchTooLarge, "too many blocks in cooperative launch"),
    GRU_ERROR(cudaErrorNotSupported, "operation not supported"),
    GRU_ERROR(cudaErrorSystemDriverMismatch,
              "system has unsupported display driver / cuda driver combination"),
    GRU_ERROR(cudaErrorUnknown, "unknown error"),
};
#undef GRU_ERROR

constinit thread_local cudaError_t last_error = cudaSuccess;

}  // namespace

cudaError_t error_of_name(const std::string& name) {
  for (const ErrorText& known : kErrors) {
    if (name == known.name) return known.error;
  }
  fatal("the name of a CUDA error was expected, got '%s'", name.c_str());
}

cudaError_t remember(cudaError_t error) {
  if (error != cudaSuccess && error != cudaErrorNotReady) last_error = error;
  return error;
}

cudaError_t inject_fault(const char* function) {
  const cudaError_t error = state().fault(function);
  if (loses_device(error)) state().device(current_device()).lose(error);
  return error;
}

}  // namespace gru::emulator

using namespace gru::emulator;

const char* cudaGetErrorName(cudaError_t error) {
  for (const ErrorText& known : kErrors) {
    if (error == known.error) return known.name;
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  for (const ErrorText& known : kErrors) {
    if (error == known.error) return known.text;
  }
  return "unrecognized error code";
}

cudaError_t cudaPeekAtLastError() {
  const cudaError_t lost = state().device(current_device()).lost();
  return lost != cudaSuccess ? lost : last_error;
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = cudaPeekAtLastError();
  last_error = cudaSuccess;
  return error;
}
