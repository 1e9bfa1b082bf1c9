#pragma once

#include <cuda_runtime.h>
#include <doctest.h>

#include <string>
#include <vector>

#include "control.h"

/// Shared by the emulator's own tests.
namespace gru::testing {

/// The emulator in the state of a new process, when this object is made and again when it ends.
class FreshEmulator {
 public:
  FreshEmulator() { emulator::reset(); }
  ~FreshEmulator() {
    emulator::reset();
    cudaSetDevice(0);
    cudaGetLastError();
  }
};

inline void check_success(const char* file, int line, cudaError_t error) {
  if (error != cudaSuccess) ADD_FAIL_CHECK_AT(file, line, std::string(cudaGetErrorName(error)));
}

#define GRU_CHECK_CUDA(call) ::gru::testing::check_success(__FILE__, __LINE__, call)

/// Device memory for `count` values.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t count) : count_(count) {
    GRU_CHECK_CUDA(cudaMalloc(&data_, count * sizeof(T)));
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
    GRU_CHECK_CUDA(cudaMemcpy(data_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data_); }

  T* data() const { return data_; }
  std::vector<T> values() const {
    std::vector<T> values(count_);
    GRU_CHECK_CUDA(cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  std::size_t count_;
  T* data_ = nullptr;
};

struct Stream {
  cudaStream_t handle = nullptr;
  explicit Stream(unsigned flags = cudaStreamNonBlocking) {
    GRU_CHECK_CUDA(cudaStreamCreateWithFlags(&handle, flags));
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { cudaStreamDestroy(handle); }
};

struct Event {
  cudaEvent_t handle = nullptr;
  explicit Event(unsigned flags = cudaEventDisableTiming) {
    GRU_CHECK_CUDA(cudaEventCreateWithFlags(&handle, flags));
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { cudaEventDestroy(handle); }
};

struct Shape {
  dim3 grid = 1;
  dim3 block = 1;
  std::size_t shared = 0;
  cudaStream_t stream = nullptr;
};

template <class... Parameters>
cudaError_t launch(const Shape& shape, void (*kernel)(Parameters...),
                   std::type_identity_t<Parameters>... arguments) {
  void* addresses[] = {&arguments..., nullptr};
  return cudaLaunchKernel(kernel, shape.grid, shape.block, addresses, shape.shared, shape.stream);
}

template <class... Parameters>
cudaError_t launch_cooperative(const Shape& shape, void (*kernel)(Parameters...),
                               std::type_identity_t<Parameters>... arguments) {
  void* addresses[] = {&arguments..., nullptr};
  return cudaLaunchCooperativeKernel(kernel, shape.grid, shape.block, addresses, shape.shared,
                                     shape.stream);
}

}  // namespace gru::testing
