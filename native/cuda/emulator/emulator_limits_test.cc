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

GRU_TEST(a_launch_keeps_to_the_sizes_of_a_gpu) {
  const FreshEmulator fresh;
  GRU_CHECK(launch({1, 1024}, nothing) == cudaSuccess);
  GRU_CHECK(launch({1, 1025}, nothing) == cudaErrorInvalidConfiguration);
  GRU_CHECK(launch({1, dim3(32, 33)}, nothing) == cudaErrorInvalidConfiguration);
  GRU_CHECK(launch({1, dim3(1, 1, 65)}, nothing) == cudaErrorInvalidConfiguration);
  GRU_CHECK(launch({0, 1}, nothing) == cudaErrorInvalidConfiguration);
  GRU_CHECK(launch({1, dim3(1, 0)}, nothing) == cudaErrorInvalidConfiguration);
  GRU_CHECK(launch({dim3(1, 65536), 1}, nothing) == cudaErrorInvalidConfiguration);
  GRU_CHECK(launch({dim3(0x7fffffff, 65535, 65535), 1}, nothing) == cudaSuccess);
  gru::emulator::lose_device(0, cudaErrorLaunchTimeout);  // no test waits for a real timeout
}

GRU_TEST(much_shared_memory_must_be_asked_for_on_each_device) {
  const FreshEmulator fresh;
  const auto ask = [](int bytes) {
    return cudaFuncSetAttribute(nothing, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
  };
  const int optin = 99 * 1024;
  GRU_CHECK(launch({1, 32, 48 * 1024}, nothing) == cudaSuccess);
  GRU_CHECK(launch({1, 32, 48 * 1024 + 1}, nothing) == cudaErrorInvalidValue);
  GRU_CHECK(ask(optin + 1) == cudaErrorInvalidValue);
  GRU_CHECK(ask(optin) == cudaSuccess);
  GRU_CHECK(launch({1, 32, optin}, nothing) == cudaSuccess);
  GRU_CHECK(launch({1, 32, optin + 1}, nothing) == cudaErrorInvalidValue);
  GRU_CHECK_CUDA(cudaSetDevice(1));
  GRU_CHECK(launch({1, 32, optin}, nothing) == cudaErrorInvalidValue);
  GRU_CHECK_CUDA(cudaSetDevice(0));
  cudaFuncAttributes attributes;
  GRU_CHECK_CUDA(cudaFuncGetAttributes(&attributes, nothing));
  GRU_CHECK(attributes.maxDynamicSharedSizeBytes == optin);
}

GRU_TEST(occupancy_follows_from_threads_and_shared_memory) {
  const FreshEmulator fresh;
  const auto blocks = [](int threads, std::size_t shared) {
    int count = -1;
    GRU_CHECK_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&count, nothing, threads, shared));
    return count;
  };
  GRU_CHECK(blocks(256, 0) == 6);
  GRU_CHECK(blocks(1024, 0) == 1);
  GRU_CHECK(blocks(33, 0) == 16);
  GRU_CHECK(blocks(32, 19 * 1024) == 5);
  GRU_CHECK(blocks(32, 19 * 1024 + 1) == 4);
  GRU_CHECK_CUDA(
      cudaFuncSetAttribute(nothing, cudaFuncAttributeMaxDynamicSharedMemorySize, 48 * 1024));
  GRU_CHECK(blocks(32, 48 * 1024 + 1) == 0);
}

GRU_TEST(a_cooperative_grid_must_be_resident) {
  const FreshEmulator fresh;
  const std::size_t half = 48 * 1024;  // of a multiprocessor's shared memory
  GRU_CHECK(launch_cooperative({8, 32, half}, nothing) == cudaSuccess);
  GRU_CHECK(launch_cooperative({9, 32, half}, nothing) == cudaErrorCooperativeLaunchTooLarge);
  Properties properties;
  properties.multiprocessors = 5;
  gru::emulator::set_properties(properties);
  GRU_CHECK(launch_cooperative({9, 32, half}, nothing) == cudaSuccess);
  GRU_CHECK_CUDA(cudaDeviceSynchronize());
}

GRU_TEST(devices_are_those_that_the_test_wants) {
  const FreshEmulator fresh;
  int count = 0;
  GRU_CHECK_CUDA(cudaGetDeviceCount(&count));
  GRU_CHECK(count == 2);
  GRU_CHECK(cudaSetDevice(2) == cudaErrorInvalidDevice);
  cudaDeviceProp properties;
  GRU_CHECK_CUDA(cudaGetDeviceProperties(&properties, 1));
  GRU_CHECK(properties.totalGlobalMem == 1 << 30 && properties.multiProcessorCount == 4);
  int value = 0;
  GRU_CHECK_CUDA(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 1));
  GRU_CHECK(value == 99 * 1024);
  gru::emulator::set_devices(0);
  GRU_CHECK(cudaGetDeviceCount(&count) == cudaErrorNoDevice && count == 0);
  gru::emulator::set_devices(1);
  GRU_CHECK(cudaSetDevice(1) == cudaErrorInvalidDevice);
  GRU_CHECK_CUDA(cudaDriverGetVersion(&value));
  GRU_CHECK(value > 0);
  gru::emulator::remove_driver();
  GRU_CHECK_CUDA(cudaDriverGetVersion(&value));
  GRU_CHECK(value == 0);
  GRU_CHECK(cudaGetDeviceCount(&count) == cudaErrorInsufficientDriver);
  gru::emulator::set_driver_error(cudaErrorInsufficientDriver);
  GRU_CHECK(cudaGetDeviceCount(&count) == cudaErrorInsufficientDriver);
}

GRU_TEST(a_stream_serves_its_own_device) {
  const FreshEmulator fresh;
  const Stream stream;
  GRU_CHECK_CUDA(cudaSetDevice(1));
  GRU_CHECK(launch({1, 1, 0, stream.handle}, nothing) == cudaErrorInvalidResourceHandle);
  GRU_CHECK_CUDA(cudaSetDevice(0));
  GRU_CHECK_CUDA(launch({1, 1, 0, stream.handle}, nothing));
}

GRU_TEST(the_nth_call_fails_and_the_one_after_it_does_not) {
  const FreshEmulator fresh;
  void* memory = nullptr;
  gru::emulator::fail_call("cudaMalloc", 2, cudaErrorMemoryAllocation);
  GRU_CHECK_CUDA(cudaMalloc(&memory, 1));
  GRU_CHECK_CUDA(cudaFree(memory));
  GRU_CHECK(cudaMalloc(&memory, 1) == cudaErrorMemoryAllocation);
  GRU_CHECK_CUDA(cudaMalloc(&memory, 1));
  gru::emulator::fail_call(nullptr, 1, cudaErrorInvalidValue);
  GRU_CHECK(cudaFree(memory) == cudaErrorInvalidValue);
  GRU_CHECK(gru::emulator::counts().allocations == 0);
  GRU_CHECK(cudaPeekAtLastError() == cudaErrorInvalidValue);
}

GRU_TEST(a_lost_device_stays_lost_and_the_other_one_serves) {
  const FreshEmulator fresh;
  void* memory = nullptr;
  GRU_CHECK_CUDA(cudaMalloc(&memory, 4));
  GRU_CHECK_CUDA(launch({1, 1}, nothing));
  gru::emulator::fail_call("cudaDeviceSynchronize", 1, cudaErrorIllegalAddress);
  GRU_CHECK(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
  GRU_CHECK(cudaGetLastError() == cudaErrorIllegalAddress);
  GRU_CHECK(cudaGetLastError() == cudaErrorIllegalAddress);
  GRU_CHECK(launch({1, 1}, nothing) == cudaErrorIllegalAddress);
  GRU_CHECK(cudaFree(memory) == cudaErrorIllegalAddress);
  GRU_CHECK(gru::emulator::counts().allocations == 0);
  GRU_CHECK_CUDA(cudaSetDevice(1));
  const DeviceArray<float> other(std::vector<float>{1});
  GRU_CHECK(other.values()[0] == 1);
  GRU_CHECK(cudaSetDevice(0) == cudaErrorIllegalAddress);
  GRU_CHECK_CUDA(cudaSetDevice(1));
}

GRU_TEST(waiting_for_a_lost_device_leaves_the_current_one_alone) {
  const FreshEmulator fresh;
  GRU_CHECK_CUDA(cudaSetDevice(1));
  const Stream stream;
  GRU_CHECK_CUDA(cudaSetDevice(0));
  gru::emulator::lose_device(1, cudaErrorLaunchFailure);
  GRU_CHECK(cudaStreamSynchronize(stream.handle) == cudaErrorLaunchFailure);
  GRU_CHECK_CUDA(cudaDeviceSynchronize());
}

GRU_TEST(errors_have_cudas_names) {
  GRU_CHECK(std::string(cudaGetErrorName(cudaErrorMemoryAllocation)) ==
            "cudaErrorMemoryAllocation");
  GRU_CHECK(std::string(cudaGetErrorString(cudaErrorMemoryAllocation)) == "out of memory");
  GRU_CHECK(std::string(cudaGetErrorName(static_cast<cudaError_t>(5))) ==
            "unrecognized error code");
}

GRU_TEST_MAIN
