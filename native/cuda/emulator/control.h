#pragma once

#include <cstddef>
#include <cstdint>

#include "grid.h"
#include "runtime_types.h"

/// What tests can set and count. Environment variables set the same at the first use:
///
///   GRU_CUDA_EMULATED_DEVICES  number of devices, 2 by default
///   GRU_CUDA_EMULATED_MEMORY   bytes of each, 1 GiB by default
///   GRU_CUDA_EMULATED_ORDER    forward (default), reverse or shuffle
///   GRU_CUDA_EMULATED_SEED     seed of the shuffled order; selects shuffle if no order is set
///   GRU_CUDA_EMULATED_FAULT    function:n:error, such as
///   cudaMallocAsync:3:cudaErrorMemoryAllocation

namespace gru::emulator {

struct Properties {
  int multiprocessors = 4;
  int threads_per_multiprocessor = 1536;
  int blocks_per_multiprocessor = 16;
  int compute_capability_major = 8;
  int compute_capability_minor = 6;
  std::size_t memory = std::size_t{1} << 30;
  std::size_t shared_per_block = 48 * 1024;
  std::size_t shared_per_block_optin = 99 * 1024;
  std::size_t shared_per_multiprocessor = 100 * 1024;
  std::size_t shared_reserved_per_block = 1024;
  bool memory_pools = true;
};

struct Counts {
  // Alive now
  std::size_t allocations = 0;
  std::size_t host_allocations = 0;
  std::size_t streams = 0;
  std::size_t events = 0;
  std::size_t bytes = 0;    ///< of device memory
  std::size_t pending = 0;  ///< operations that streams have still to run
  // So far
  std::size_t mallocs = 0;
  std::size_t launches = 0;
  std::size_t copies_to_device = 0;
  std::size_t copies_to_host = 0;
  std::size_t pageable_copies = 0;  ///< not from or to cudaHostAlloc's memory
};

/// Resets everything to the state of a new process without environment variables, except for what
/// is alive. Waits for all work. Counts that only grow start at zero.
void reset();

void set_devices(int count);
/// Sets the properties of every device. The memory size may only change while nothing is allocated.
void set_properties(const Properties& properties);
/// Every function returns this error, as with a driver that is too old. cudaSuccess ends this.
void set_driver_error(cudaError_t error);
/// Behaves as a machine without a driver: the driver's version is 0, and every other function
/// returns cudaErrorInsufficientDriver.
void remove_driver();

void set_thread_order(ThreadOrder order, std::uint64_t seed = 0);
/// The number of OS threads for the blocks of an ordinary launch.
void set_workers(unsigned count);

/// The n-th call (from 1) of `function`, or of any function if it is null, does nothing and returns
/// `error`. Functions that release something release it nevertheless. An error after which a GPU is
/// unusable for the process loses the device.
void fail_call(const char* function, unsigned n, cudaError_t error);
/// From now on `device` returns `error` and runs nothing.
void lose_device(int device, cudaError_t error);

Counts counts();

}  // namespace gru::emulator
