#include <numeric>

#include "emulator_testing.h"

/// Device and pinned memory, and copies between them.

using gru::testing::DeviceArray;
using gru::testing::FreshEmulator;
using gru::testing::launch;

TEST_CASE("new memory is NaN even where it was used before") {
  const FreshEmulator fresh;
  for (int turn = 0; turn < 2; ++turn) {
    const DeviceArray<float> memory(1000);
    for (const float got : memory.values()) CHECK(std::isnan(got));
    GRU_CHECK_CUDA(cudaMemsetAsync(memory.data(), 0, 4000));
    for (const float got : memory.values()) CHECK(got == 0);
  }
  float* pinned = nullptr;
  GRU_CHECK_CUDA(cudaHostAlloc(&pinned, 40, cudaHostAllocDefault));
  for (int i = 0; i < 10; ++i) CHECK(std::isnan(pinned[i]));
  GRU_CHECK_CUDA(cudaFreeHost(pinned));
}

TEST_CASE("memory ends where the device says") {
  const FreshEmulator fresh;
  gru::emulator::Properties properties;
  properties.memory = 1 << 20;
  gru::emulator::set_properties(properties);
  void* first = nullptr;
  void* second = nullptr;
  std::size_t free = 0;
  std::size_t total = 0;
  GRU_CHECK_CUDA(cudaMalloc(&first, 1000000));
  GRU_CHECK_CUDA(cudaMemGetInfo(&free, &total));
  CHECK(total == 1 << 20);
  CHECK(free == (1 << 20) - 1000000);
  CHECK(cudaMalloc(&second, 48577) == cudaErrorMemoryAllocation);
  CHECK(second == nullptr);
  GRU_CHECK_CUDA(cudaMalloc(&second, 48576));
  GRU_CHECK_CUDA(cudaFree(first));
  GRU_CHECK_CUDA(cudaFree(second));
  GRU_CHECK_CUDA(cudaMemGetInfo(&free, &total));
  CHECK(free == total);
  CHECK(cudaGetLastError() == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaSuccess);
}

TEST_CASE("pieces keep apart and freed ones are used again") {
  const FreshEmulator fresh;
  std::vector<int*> pieces(20);
  for (int turn = 0; turn < 3; ++turn) {
    for (std::size_t i = turn == 0 ? 0 : 1; i < pieces.size(); i += turn == 0 ? 1 : 2) {
      GRU_CHECK_CUDA(cudaMalloc(&pieces[i], 4 * (i + 1)));
      GRU_CHECK_CUDA(cudaMemsetAsync(pieces[i], static_cast<int>(i), 4 * (i + 1)));
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      std::vector<int> got(i + 1);
      GRU_CHECK_CUDA(cudaMemcpy(got.data(), pieces[i], 4 * (i + 1), cudaMemcpyDeviceToHost));
      for (const int value : got) CHECK(value == static_cast<int>(i) * 0x01010101);
    }
    for (std::size_t i = 1; i < pieces.size(); i += 2) GRU_CHECK_CUDA(cudaFree(pieces[i]));
  }
  for (std::size_t i = 0; i < pieces.size(); i += 2) GRU_CHECK_CUDA(cudaFree(pieces[i]));
  CHECK(gru::emulator::counts().allocations == 0);
}

TEST_CASE("copies of rows keep to the rows") {
  const FreshEmulator fresh;
  std::vector<int> values(5 * 7);
  std::iota(values.begin(), values.end(), 0);
  const DeviceArray<int> from(values);
  const DeviceArray<int> to(std::vector<int>(4 * 9, -1));
  GRU_CHECK_CUDA(
      cudaMemcpy2DAsync(to.data() + 9, 36, from.data() + 8, 28, 12, 3, cudaMemcpyDeviceToDevice));
  GRU_CHECK_CUDA(cudaMemset2DAsync(to.data() + 4, 36, 0, 8, 4));
  const std::vector<int> got = to.values();
  for (int i = 0; i < 36; ++i) {
    const int row = i / 9;
    const int column = i % 9;
    const bool copied = row > 0 && column < 3;
    const bool zero = column == 4 || column == 5;
    CHECK(got[static_cast<std::size_t>(i)] == (copied ? row * 7 + 1 + column : zero ? 0 : -1));
  }
}

TEST_CASE("copies refuse addresses that are none") {
  const FreshEmulator fresh;
  const DeviceArray<char> memory(100);
  std::vector<char> host(200);
  const auto copy = [&](void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    return cudaMemcpyAsync(to, from, bytes, kind);
  };
  CHECK(copy(host.data(), memory.data(), 100, cudaMemcpyDeviceToHost) == cudaSuccess);
  CHECK(copy(host.data(), memory.data(), 101, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
  CHECK(copy(memory.data() + 1, host.data(), 100, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
  CHECK(copy(host.data(), memory.data(), 1, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
  CHECK(copy(memory.data(), host.data(), 1, cudaMemcpyDeviceToDevice) == cudaErrorInvalidValue);
  CHECK(cudaMemsetAsync(memory.data(), 0, 101) == cudaErrorInvalidValue);
  CHECK(cudaMemsetAsync(host.data(), 0, 1) == cudaErrorInvalidValue);
  CHECK(cudaFree(memory.data() + 1) == cudaErrorInvalidValue);
  CHECK(cudaFreeHost(host.data()) == cudaErrorInvalidValue);
}

TEST_CASE("copies are counted") {
  const FreshEmulator fresh;
  char* pinned = nullptr;
  GRU_CHECK_CUDA(cudaHostAlloc(&pinned, 100, cudaHostAllocDefault));
  const DeviceArray<char> memory(std::vector<char>(100, 1));
  GRU_CHECK_CUDA(cudaMemcpyAsync(memory.data(), pinned, 100, cudaMemcpyHostToDevice));
  GRU_CHECK_CUDA(cudaMemcpyAsync(pinned, memory.data(), 100, cudaMemcpyDeviceToHost));
  const gru::emulator::Counts counts = gru::emulator::counts();
  CHECK(counts.copies_to_device == 2);
  CHECK(counts.copies_to_host == 1);
  CHECK(counts.pageable_copies == 1);
  CHECK(counts.mallocs == 1);
  CHECK(counts.allocations == 1);
  CHECK(counts.bytes == 100);
  CHECK(counts.host_allocations == 1);
  GRU_CHECK_CUDA(cudaFreeHost(pinned));
}
