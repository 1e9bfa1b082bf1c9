#include "emulator_death_testing.h"

/// Threads that wait for each other forever, and races.

using gru::testing::DeviceArray;
using gru::testing::kThreadSanitizer;
using gru::testing::launch;
using gru::testing::launch_cooperative;

// Barriers that not all threads reach ----------------------------------------------------------

__global__ void leave_before_barrier() {
  if (threadIdx.y * blockDim.x + threadIdx.x >= 20) return;
  __syncthreads();
}

TEST_CASE("a barrier that some threads never reach") {
  GRU_CHECK_DEATH(
      [] {
        gru::emulator::set_workers(1);
        gru::emulator::set_thread_order(gru::emulator::ThreadOrder::reverse);
        launch({dim3(1, 3), dim3(8, 4)}, leave_before_barrier);
        cudaDeviceSynchronize();
      },
      "kernel leave_before_barrier(), block (0, 2, 0): divergent barrier: thread (0, 0, 0) waits "
      "at",
      "emulator_death_test.cc:", "thread (4, 2, 0) has ended");
}

__global__ void wait_at_two_barriers() {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

TEST_CASE("barriers at different places") {
  GRU_CHECK_DEATH(
      [] {
        launch({1, 64}, wait_at_two_barriers);
        cudaDeviceSynchronize();
      },
      "kernel wait_at_two_barriers(), block (0, 0, 0): divergent barrier: thread (63, 0, 0)",
      "thread (0, 0, 0) waits at");
}

__global__ void shuffle_without_all(float* out) {
  float value = 1;
  if (threadIdx.x % 32 != 7) {
    value = __shfl_sync(~0u, value, 0);
  }
  __syncthreads();
  out[threadIdx.x] = value;
}

TEST_CASE("a shuffle that a lane never reaches") {
  GRU_CHECK_DEATH(
      [] {
        const DeviceArray<float> out(64);
        launch({1, 64}, shuffle_without_all, out.data());
        cudaDeviceSynchronize();
      },
      "kernel shuffle_without_all(float*)", "divergent barrier", "thread (7, 0, 0) waits at");
}

__global__ void shuffle_outside_mask() { __shfl_sync(0xffffu, 1.0f, 0); }

TEST_CASE("a shuffle by a lane outside its mask") {
  GRU_CHECK_DEATH(
      [] {
        launch({1, 32}, shuffle_outside_mask);
        cudaDeviceSynchronize();
      },
      "thread (16, 0, 0) is not in the mask that it names");
}

__global__ void shuffle_and_vote() {
  if (threadIdx.x == 0) {
    __ballot_sync(~0u, 1);
  } else {
    __syncwarp();
  }
}

TEST_CASE("different warp functions at once") {
  GRU_CHECK_DEATH(
      [] {
        launch({1, 32}, shuffle_and_vote);
        cudaDeviceSynchronize();
      },
      "divergent warp", "thread (0, 0, 0)", "thread (1, 0, 0)");
}

__device__ void wait_for(unsigned* arrived, unsigned blocks) {
  __syncthreads();
  if (threadIdx.x == 0) {
    atomicAdd(arrived, 1u);
    while (gru::emulator::load_acquire(arrived) < blocks) __nanosleep(10);
  }
  __syncthreads();
}

__global__ void wait_for_all(unsigned* arrived) { wait_for(arrived, gridDim.x); }
__global__ void wait_for_one_too_many(unsigned* arrived) { wait_for(arrived, gridDim.x + 1); }

TEST_CASE("blocks that spin for ever") {
  GRU_CHECK_DEATH(
      [] {
        const DeviceArray<unsigned> arrived(std::vector<unsigned>{0});
        launch_cooperative({3, 64}, wait_for_one_too_many, arrived.data());
        cudaDeviceSynchronize();
      },
      "kernel wait_for_one_too_many(unsigned int*)",
      "thread (0, 0, 0) spins for a value that nobody will write",
      "GRU_CUDA_EMULATED_ORDER=forward");
}

TEST_CASE("a block that waits for one that starts after it") {
  GRU_CHECK_DEATH(
      [] {
        const DeviceArray<unsigned> arrived(std::vector<unsigned>{0});
        gru::emulator::set_workers(2);
        launch({3, 64}, wait_for_all, arrived.data());
        cudaDeviceSynchronize();
      },
      "kernel wait_for_all(unsigned int*)", "spins for a value that nobody will write");
}

// Missing barriers -----------------------------------------------------------------------------

__global__ void read_neighbour_too_early(float* out) {
  GRU_EMULATED_DYNAMIC_SHARED(float, shared);
  shared[threadIdx.x] = 1;
  out[threadIdx.x] = shared[(threadIdx.x + 1) % blockDim.x];
}

/// ThreadSanitizer reports the race. Without it, the value that is read is NaN.
TEST_CASE("a missing barrier") {
  for (const auto order : {"forward", "reverse", "shuffle"}) {
    setenv("GRU_CUDA_EMULATED_ORDER", order, 1);
    GRU_CHECK_DEATH(
        [] {
          const DeviceArray<float> out(64);
          launch({1, 64, 256}, read_neighbour_too_early, out.data());
          for (const float value : out.values()) REQUIRE(value == 1);
        },
        kThreadSanitizer ? "ThreadSanitizer: data race" : "REQUIRE( value == 1 ) is NOT correct");
  }
  unsetenv("GRU_CUDA_EMULATED_ORDER");
}

__global__ void overwrite_too_early(float* out) {
  GRU_EMULATED_DYNAMIC_SHARED(float, shared);
  float value = static_cast<float>(threadIdx.x);
  for (int turn = 0; turn < 2; ++turn) {
    shared[threadIdx.x] = value;
    __syncthreads();
    value = shared[(threadIdx.x + 1) % blockDim.x];
  }
  out[threadIdx.x] = value;
}

TEST_CASE("a missing second barrier of a loop") {
  GRU_CHECK_DEATH(
      [] {
        const DeviceArray<float> out(64);
        launch({1, 64, 256}, overwrite_too_early, out.data());
        const std::vector<float> got = out.values();
        for (unsigned i = 0; i < 64; ++i) REQUIRE(got[i] == static_cast<float>((i + 2) % 64));
      },
      kThreadSanitizer ? "ThreadSanitizer: data race" : "REQUIRE( got[i] == static_cast");
}
