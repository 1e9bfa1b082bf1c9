#include "cuda/limits.h"

#include "cuda/check.h"

namespace gru::cuda {

namespace {

Status read(int ordinal, cudaDeviceAttr attribute, int& value) {
  GRU_RETURN_IF_CUDA_ERROR(ordinal, cudaDeviceGetAttribute(&value, attribute, ordinal));
  return {};
}

}  // namespace

Status read_limits(int ordinal, Limits& limits) {
  int shared_memory = 0;
  int cooperative = 0;
  int memory_pools = 0;
  GRU_RETURN_IF_ERROR(read(ordinal, cudaDevAttrMultiProcessorCount, limits.multiprocessors));
  GRU_RETURN_IF_ERROR(read(ordinal, cudaDevAttrComputeCapabilityMajor, limits.compute_major));
  GRU_RETURN_IF_ERROR(read(ordinal, cudaDevAttrComputeCapabilityMinor, limits.compute_minor));
  GRU_RETURN_IF_ERROR(read(ordinal, cudaDevAttrMaxSharedMemoryPerBlockOptin, shared_memory));
  GRU_RETURN_IF_ERROR(read(ordinal, cudaDevAttrCooperativeLaunch, cooperative));
  GRU_RETURN_IF_ERROR(read(ordinal, cudaDevAttrMemoryPoolsSupported, memory_pools));
  limits.shared_memory = static_cast<std::size_t>(shared_memory);
  limits.cooperative_launch = cooperative != 0;
  limits.memory_pools = memory_pools != 0;
  return {};
}

}  // namespace gru::cuda
