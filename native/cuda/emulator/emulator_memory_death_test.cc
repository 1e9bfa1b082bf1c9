#include "emulator_death_testing.h"

/// Accesses to memory that the kernel or the host must not use; and the environment variables.

using gru::testing::Death;
using gru::testing::DeviceArray;
using gru::testing::kAddressSanitizer;
using gru::testing::launch;
using gru::testing::run_in_child;

__global__ void nothing() {}

TEST_CASE("a child that does no wrong ends well") {
  const Death death = run_in_child([] {
    GRU_CHECK_CUDA(launch({10, 100}, nothing));
    GRU_CHECK_CUDA(cudaDeviceSynchronize());
  });
  check_no_death(__FILE__, __LINE__, death);
}

// Memory ---------------------------------------------------------------------------------------

TEST_CASE("host code that reads device memory") {
  GRU_CHECK_DEATH(
      [] {
        const DeviceArray<float> memory(std::vector<float>(10, 1.0f));
        volatile float* const address = memory.data();
        std::fprintf(stderr, "%g\n", address[3]);
      },
      "host code followed a device address: byte 12 of 40 bytes of device memory");
}

TEST_CASE("host code that writes memory of a device that works no more") {
  GRU_CHECK_DEATH(
      [] {
        const DeviceArray<float> memory(10);
        launch({1, 1}, nothing);
        cudaDeviceSynchronize();
        volatile float* const address = memory.data();
        address[0] = 1;
      },
      "host code followed a device address: byte 0 of 40 bytes of device memory");
}

__global__ void write_at(float* out, unsigned at) { out[at] = 1; }

TEST_CASE("a kernel that writes past the end of device memory") {
  GRU_CHECK_DEATH(
      [] {
        const DeviceArray<float> out(10);
        launch({1, 1}, write_at, out.data(), 10u);
        cudaDeviceSynchronize();
      },
      kAddressSanitizer
          ? "use-after-poison"
          : "kernel write_at(float*, unsigned int) wrote past the end of 40 bytes of");
}

__global__ void write_shared_at(unsigned at) {
  GRU_EMULATED_DYNAMIC_SHARED(float, dynamic);
  dynamic[at] = 1;
}

TEST_CASE("a kernel that writes past the end of dynamic shared memory") {
  GRU_CHECK_DEATH(
      [] {
        launch({1, 1, 40}, write_shared_at, 10u);
        cudaDeviceSynchronize();
      },
      kAddressSanitizer ? "heap-buffer-overflow"
                        : "block (0, 0, 0): wrote past the end of shared memory");
}

__global__ void write_fixed_at(unsigned at) {
  GRU_EMULATED_STATIC_SHARED(float, fixed, 10);
  fixed[at] = 1;
}

TEST_CASE("a kernel that writes past the end of fixed shared memory") {
  GRU_CHECK_DEATH(
      [] {
        launch({1, 1}, write_fixed_at, 10u);
        cudaDeviceSynchronize();
      },
      kAddressSanitizer ? "heap-buffer-overflow"
                        : "block (0, 0, 0): wrote past the end of shared memory");
}

__global__ void use_much_shared() {
  GRU_EMULATED_DYNAMIC_SHARED(char, dynamic);
  GRU_EMULATED_STATIC_SHARED(char, fixed, 1025);
  fixed[0] = dynamic[0];
}

TEST_CASE("a kernel with more shared memory than a block may have") {
  GRU_CHECK_DEATH(
      [] {
        launch({1, 1, 47 * 1024}, use_much_shared);
        cudaDeviceSynchronize();
      },
      "49153 bytes in 1 pieces are more shared memory than the 49152 bytes of a block");
}

// What the environment sets --------------------------------------------------------------------

TEST_CASE("the environment chooses devices, memory and a failure") {
  setenv("GRU_CUDA_EMULATED_DEVICES", "3", 1);
  setenv("GRU_CUDA_EMULATED_MEMORY", "1000", 1);
  setenv("GRU_CUDA_EMULATED_FAULT", "cudaMalloc:2:cudaErrorIllegalAddress", 1);
  const Death death = run_in_child([] {
    int count = 0;
    void* memory = nullptr;
    GRU_CHECK_CUDA(cudaGetDeviceCount(&count));
    CHECK(count == 3);
    CHECK(cudaMalloc(&memory, 1001) == cudaErrorMemoryAllocation);
    CHECK(cudaMalloc(&memory, 1) == cudaErrorIllegalAddress);
  });
  gru::testing::check_no_death(__FILE__, __LINE__, death);
  for (const char* name : {"DEVICES", "MEMORY", "FAULT"}) {
    unsetenv((std::string("GRU_CUDA_EMULATED_") + name).c_str());
  }
}
