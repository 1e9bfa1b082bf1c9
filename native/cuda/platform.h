#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "cuda/launch.h"

/// What kernels need beyond CUDA C++: shared memory, vector loads, loads that bypass the
/// first-level cache, and memory order between blocks. Each has a plain C++ version for builds that
/// use the emulator's header.

/// Declares the block's dynamic shared memory, `type* name`, or shared memory of fixed size, `type
/// name[count]`.
#ifdef GRU_CUDA_EMULATED
#define GRU_SHARED_MEMORY(type, name) GRU_EMULATED_DYNAMIC_SHARED(type, name)
#define GRU_SHARED_ARRAY(type, name, count) GRU_EMULATED_STATIC_SHARED(type, name, count)
#else
#define GRU_SHARED_MEMORY(type, name)                                 \
  extern __shared__ __align__(16) unsigned char gru_shared_memory_[]; \
  type* const name = reinterpret_cast<type*>(gru_shared_memory_)
#define GRU_SHARED_ARRAY(type, name, count) __shared__ __align__(16) type name[count]
#endif

namespace gru::cuda {

inline constexpr unsigned whole_warp = 0xffffffffU;

/// Loads four neighbouring floats from an address that is a multiple of 16.
__device__ __forceinline__ float4 load4(const float* from) {
  return *reinterpret_cast<const float4*>(from);
}

/// a * b + c, rounded once on a GPU.
__device__ __forceinline__ float multiply_add(float a, float b, float c) {
#ifdef GRU_CUDA_EMULATED
  return a * b + c;
#else
  return fmaf(a, b, c);
#endif
}

/// Loads a float that another block may have written during this launch. It bypasses the
/// first-level cache, which would only fill up with values that are read once.
__device__ __forceinline__ float load_from_others(const float* from) {
#ifdef GRU_CUDA_EMULATED
  return *from;
#else
  return __ldcg(from);
#endif
}

/// Keeps the compiler from moving memory accesses across this point.
__device__ __forceinline__ void keep_order() { asm volatile("" ::: "memory"); }

/// Adds 1 to a counter of the whole GPU, after everything that this thread wrote, or saw written,
/// before.
__device__ __forceinline__ void arrive(unsigned* counter) {
#ifdef GRU_CUDA_EMULATED
  __atomic_fetch_add(counter, 1U, __ATOMIC_ACQ_REL);
  gru::emulator::note_store();
#else
  asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(counter) : "memory");
#endif
}

/// The counter's value. Everything written before the arrivals that it counts is then visible.
__device__ __forceinline__ unsigned arrivals(unsigned* counter) {
#ifdef GRU_CUDA_EMULATED
  return gru::emulator::load_acquire(counter);
#else
  unsigned value;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(counter) : "memory");
  return value;
#endif
}

/// A barrier for blocks that wait for each other. All of them must be resident, as in a cooperative
/// launch, and each must pass equally often. The counter starts at 0 and only grows.
class GroupBarrier {
 public:
  __device__ GroupBarrier(unsigned* counter, unsigned blocks)
      : counter_(counter), blocks_(blocks) {}

  /// What any thread of the group wrote before is visible to every thread of the group after.
  __device__ void wait() {
    target_ += blocks_;
    __syncthreads();
    if (threadIdx.x == 0) {
      arrive(counter_);
      // A comparison by unsigned difference, so that the counter may wrap.
      while (static_cast<int>(arrivals(counter_) - target_) < 0) __nanosleep(20);
    }
    __syncthreads();
  }

 private:
  unsigned* counter_;
  unsigned blocks_;
  unsigned target_ = 0;
};

}  // namespace gru::cuda
