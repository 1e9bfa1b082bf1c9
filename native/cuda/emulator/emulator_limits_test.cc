#include <string>

#include "emulator_testing.h"

/// What a GPU refuses, and the failures that tests inject.

using gru::emulator::Properties;
using gru::testing::DeviceArray;
using gru::testing::FreshEmulator;
using gru::testing::launch;
using gru::testing::launch_cooperative;
using gru::testing::Stream;

__global__ void nothing() {}

TEST_CASE("a launch keeps to the sizes of a GPU") {
  const FreshEmulator fresh;
  CHECK(launch({1, 1024}, nothing) == cudaSuccess);
  CHECK(launch({1, 1025}, nothing) == cudaErrorInvalidConfiguration);
  CHECK(launch({1, dim3(32, 33)}, nothing) == cudaErrorInvalidConfiguration);
  CHECK(launch({1, dim3(1, 1, 65)}, nothing) == cudaErrorInvalidConfiguration);
  CHECK(launch({0, 1}, nothing) == cudaErrorInvalidConfiguration);
  CHECK(launch({1, dim3(1, 0)}, nothing) == cudaErrorInvalidConfiguration);
  CHECK(launch({dim3(1, 65536), 1}, nothing) == cudaErrorInvalidConfiguration);
  CHECK(launch({dim3(0x7fffffff, 65535, 65535), 1}, nothing) == cudaSuccess);
  gru::emulator::lose_device(0, cudaErrorLaunchTimeout);  // no test waits for a real timeout
}

TEST_CASE("much shared memory must be asked for on each device") {
  const FreshEmulator fresh;
  const auto ask = [](int bytes) {
    return cudaFuncSetAttribute(nothing, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
  };
  const int optin = 99 * 1024;
  CHECK(launch({1, 32, 48 * 1024}, nothing) == cudaSuccess);
  CHECK(launch({1, 32, 48 * 1024 + 1}, nothing) == cudaErrorInvalidValue);
  CHECK(ask(optin + 1) == cudaErrorInvalidValue);
  CHECK(ask(optin) == cudaSuccess);
  CHECK(launch({1, 32, optin}, nothing) == cudaSuccess);
  CHECK(launch({1, 32, optin + 1}, nothing) == cudaErrorInvalidValue);
  GRU_CHECK_CUDA(cudaSetDevice(1));
  CHECK(launch({1, 32, optin}, nothing) == cudaErrorInvalidValue);
  GRU_CHECK_CUDA(cudaSetDevice(0));
  cudaFuncAttributes attributes;
  GRU_CHECK_CUDA(cudaFuncGetAttributes(&attributes, nothing));
  CHECK(attributes.maxDynamicSharedSizeBytes == optin);
}

TEST_CASE("occupancy follows from threads and shared memory") {
  const FreshEmulator fresh;
  const auto blocks = [](int threads, std::size_t shared) {
    int count = -1;
    GRU_CHECK_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&count, nothing, threads, shared));
    return count;
  };
  CHECK(blocks(256, 0) == 6);
  CHECK(blocks(1024, 0) == 1);
  CHECK(blocks(33, 0) == 16);
  CHECK(blocks(32, 19 * 1024) == 5);
  CHECK(blocks(32, 19 * 1024 + 1) == 4);
  GRU_CHECK_CUDA(
      cudaFuncSetAttribute(nothing, cudaFuncAttributeMaxDynamicSharedMemorySize, 48 * 1024));
  CHECK(blocks(32, 48 * 1024 + 1) == 0);
}

TEST_CASE("a cooperative grid must be resident") {
  const FreshEmulator fresh;
  const std::size_t half = 48 * 1024;  // of a multiprocessor's shared memory
  CHECK(launch_cooperative({8, 32, half}, nothing) == cudaSuccess);
  CHECK(launch_cooperative({9, 32, half}, nothing) == cudaErrorCooperativeLaunchTooLarge);
  Properties properties;
  properties.multiprocessors = 5;
  gru::emulator::set_properties(properties);
  CHECK(launch_cooperative({9, 32, half}, nothing) == cudaSuccess);
  GRU_CHECK_CUDA(cudaDeviceSynchronize());
}

TEST_CASE("devices are those that the test wants") {
  const FreshEmulator fresh;
  int count = 0;
  GRU_CHECK_CUDA(cudaGetDeviceCount(&count));
  CHECK(count == 2);
  CHECK(cudaSetDevice(2) == cudaErrorInvalidDevice);
  cudaDeviceProp properties;
  GRU_CHECK_CUDA(cudaGetDeviceProperties(&properties, 1));
  CHECK(properties.totalGlobalMem == 1 << 30);
  CHECK(properties.multiProcessorCount == 4);
  int value = 0;
  GRU_CHECK_CUDA(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 1));
  CHECK(value == 99 * 1024);
  gru::emulator::set_devices(0);
  CHECK(cudaGetDeviceCount(&count) == cudaErrorNoDevice);
  CHECK(count == 0);
  gru::emulator::set_devices(1);
  CHECK(cudaSetDevice(1) == cudaErrorInvalidDevice);
  GRU_CHECK_CUDA(cudaDriverGetVersion(&value));
  CHECK(value > 0);
  gru::emulator::remove_driver();
  GRU_CHECK_CUDA(cudaDriverGetVersion(&value));
  CHECK(value == 0);
  CHECK(cudaGetDeviceCount(&count) == cudaErrorInsufficientDriver);
  gru::emulator::set_driver_error(cudaErrorInsufficientDriver);
  CHECK(cudaGetDeviceCount(&count) == cudaErrorInsufficientDriver);
}

TEST_CASE("a stream serves its own device") {
  const FreshEmulator fresh;
  const Stream stream;
  GRU_CHECK_CUDA(cudaSetDevice(1));
  CHECK(launch({1, 1, 0, stream.handle}, nothing) == cudaErrorInvalidResourceHandle);
  GRU_CHECK_CUDA(cudaSetDevice(0));
  GRU_CHECK_CUDA(launch({1, 1, 0, stream.handle}, nothing));
}

TEST_CASE("the n-th call fails and the one after it does not") {
  const FreshEmulator fresh;
  void* memory = nullptr;
  gru::emulator::fail_call("cudaMalloc", 2, cudaErrorMemoryAllocation);
  GRU_CHECK_CUDA(cudaMalloc(&memory, 1));
  GRU_CHECK_CUDA(cudaFree(memory));
  CHECK(cudaMalloc(&memory, 1) == cudaErrorMemoryAllocation);
  GRU_CHECK_CUDA(cudaMalloc(&memory, 1));
  gru::emulator::fail_call(nullptr, 1, cudaErrorInvalidValue);
  CHECK(cudaFree(memory) == cudaErrorInvalidValue);
  CHECK(gru::emulator::counts().allocations == 0);
  CHECK(cudaPeekAtLastError() == cudaErrorInvalidValue);
}

TEST_CASE("a lost device stays lost and the other one serves") {
  const FreshEmulator fresh;
  void* memory = nullptr;
  GRU_CHECK_CUDA(cudaMalloc(&memory, 4));
  GRU_CHECK_CUDA(launch({1, 1}, nothing));
  gru::emulator::fail_call("cudaDeviceSynchronize", 1, cudaErrorIllegalAddress);
  CHECK(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
  CHECK(cudaGetLastError() == cudaErrorIllegalAddress);
  CHECK(cudaGetLastError() == cudaErrorIllegalAddress);
  CHECK(launch({1, 1}, nothing) == cudaErrorIllegalAddress);
  CHECK(cudaFree(memory) == cudaErrorIllegalAddress);
  CHECK(gru::emulator::counts().allocations == 0);
  GRU_CHECK_CUDA(cudaSetDevice(1));
  const DeviceArray<float> other(std::vector<float>{1});
  CHECK(other.values()[0] == 1);
  CHECK(cudaSetDevice(0) == cudaErrorIllegalAddress);
  GRU_CHECK_CUDA(cudaSetDevice(1));
}

TEST_CASE("waiting for a lost device leaves the current one alone") {
  const FreshEmulator fresh;
  GRU_CHECK_CUDA(cudaSetDevice(1));
  const Stream stream;
  GRU_CHECK_CUDA(cudaSetDevice(0));
  gru::emulator::lose_device(1, cudaErrorLaunchFailure);
  CHECK(cudaStreamSynchronize(stream.handle) == cudaErrorLaunchFailure);
  GRU_CHECK_CUDA(cudaDeviceSynchronize());
}

TEST_CASE("errors have CUDA's names") {
  CHECK(std::string(cudaGetErrorName(cudaErrorMemoryAllocation)) == "cudaErrorMemoryAllocation");
  CHECK(std::string(cudaGetErrorString(cudaErrorMemoryAllocation)) == "out of memory");
  CHECK(std::string(cudaGetErrorName(static_cast<cudaError_t>(5))) == "unrecognized error code");
}
