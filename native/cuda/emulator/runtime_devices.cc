#include <algorithm>
#include <cstdio>

#include "call.h"
#include "runtime_api.h"

namespace gru::emulator {
namespace {

constexpr int kVersion = 13000;
constexpr int kMaxGrid[3] = {0x7fffffff, 65535, 65535};
constexpr int kMaxBlock[3] = {1024, 1024, 64};

constinit thread_local int current = 0;

bool is_device(int device) { return device >= 0 && device < state().settings().devices; }

cudaDeviceProp describe(int device) {
  const Properties properties = state().settings().properties;
  cudaDeviceProp all = {};
  std::snprintf(all.name, sizeof all.name, "Emulated device %d", device);
  all.totalGlobalMem = properties.memory;
  all.sharedMemPerBlock = properties.shared_per_block;
  all.sharedMemPerBlockOptin = properties.shared_per_block_optin;
  all.sharedMemPerMultiprocessor = properties.shared_per_multiprocessor;
  all.reservedSharedMemPerBlock = properties.shared_reserved_per_block;
  all.warpSize = 32;
  all.maxThreadsPerBlock = kMaxBlock[0];
  std::copy_n(kMaxBlock, 3, all.maxThreadsDim);
  std::copy_n(kMaxGrid, 3, all.maxGridSize);
  all.major = properties.compute_capability_major;
  all.minor = properties.compute_capability_minor;
  all.multiProcessorCount = properties.multiprocessors;
  all.maxThreadsPerMultiProcessor = properties.threads_per_multiprocessor;
  all.maxBlocksPerMultiProcessor = properties.blocks_per_multiprocessor;
  all.cooperativeLaunch = 1;
  all.memoryPoolsSupported = properties.memory_pools ? 1 : 0;
  return all;
}

cudaError_t attribute_of(const cudaDeviceProp& all, cudaDeviceAttr attribute, int& value) {
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      return value = all.maxThreadsPerBlock, cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      return value = static_cast<int>(all.sharedMemPerBlock), cudaSuccess;
    case cudaDevAttrWarpSize:
      return value = all.warpSize, cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
      return value = all.multiProcessorCount, cudaSuccess;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      return value = all.maxThreadsPerMultiProcessor, cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      return value = all.major, cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      return value = all.minor, cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      return value = static_cast<int>(all.sharedMemPerMultiprocessor), cudaSuccess;
    case cudaDevAttrCooperativeLaunch:
      return value = all.cooperativeLaunch, cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      return value = static_cast<int>(all.sharedMemPerBlockOptin), cudaSuccess;
    case cudaDevAttrMaxBlocksPerMultiprocessor:
      return value = all.maxBlocksPerMultiProcessor, cudaSuccess;
    case cudaDevAttrReservedSharedMemoryPerBlock:
      return value = static_cast<int>(all.reservedSharedMemPerBlock), cudaSuccess;
    case cudaDevAttrMemoryPoolsSupported:
      return value = all.memoryPoolsSupported, cudaSuccess;
  }
  return cudaErrorInvalidValue;
}

}  // namespace

int current_device() { return current; }

}  // namespace gru::emulator

using namespace gru::emulator;

cudaError_t cudaDriverGetVersion(int* version) {
  return call("cudaDriverGetVersion",
              [=] { return *version = state().settings().has_driver ? kVersion : 0, cudaSuccess; });
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  return call("cudaRuntimeGetVersion", [=] { return *version = kVersion, cudaSuccess; });
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  return call("cudaGetDeviceCount", [=] {
    *count = state().settings().devices;
    return *count == 0 ? cudaErrorNoDevice : cudaSuccess;
  });
}

cudaError_t cudaSetDevice(int device) {
  return call("cudaSetDevice", [=] {
    if (!is_device(device)) return cudaErrorInvalidDevice;
    current = device;
    return state().device(device).lost();
  });
}

cudaError_t cudaGetDevice(int* device) {
  return call("cudaGetDevice", [=] { return *device = current, cudaSuccess; });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return call("cudaGetDeviceProperties", [=] {
    if (!is_device(device)) return cudaErrorInvalidDevice;
    return *properties = describe(device), cudaSuccess;
  });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  return call("cudaDeviceGetAttribute", [=] {
    if (!is_device(device)) return cudaErrorInvalidDevice;
    return attribute_of(describe(device), attribute, *value);
  });
}

cudaError_t cudaDeviceSynchronize() {
  return call_device("cudaDeviceSynchronize", [](Device& device) {
    device.run_all();
    return cudaSuccess;
  });
}
