#include <algorithm>
#include <numeric>

#include "emulator_testing.h"

/// Threads of a block and blocks of a grid: their positions, their order, their barriers.

using gru::emulator::ThreadOrder;
using gru::testing::DeviceArray;
using gru::testing::FreshEmulator;
using gru::testing::launch;
using gru::testing::launch_cooperative;

namespace {

constexpr ThreadOrder kOrders[] = {ThreadOrder::forward, ThreadOrder::reverse,
                                   ThreadOrder::shuffle};

}  // namespace

__global__ void write_positions(uint3* out) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
  out[block * threads + thread] = make_uint3(thread, block, threads);
}

TEST_CASE("every thread of every block runs once at its place") {
  const FreshEmulator fresh;
  const dim3 grid(3, 2, 4);
  const dim3 block(5, 3, 2);
  const DeviceArray<uint3> out(24 * 30);
  GRU_CHECK_CUDA(launch({grid, block}, write_positions, out.data()));
  const std::vector<uint3> got = out.values();
  for (unsigned i = 0; i < got.size(); ++i) {
    CHECK(got[i].x == i % 30);
    CHECK(got[i].y == i / 30);
    CHECK(got[i].z == 30);
  }
}

__global__ void note_order(unsigned* order, unsigned* count) {
  order[atomicAdd(count, 1u)] = blockIdx.x * blockDim.x + threadIdx.x;
}

namespace {

std::vector<unsigned> order_of(ThreadOrder order, std::uint64_t seed, dim3 grid) {
  const FreshEmulator fresh;
  gru::emulator::set_workers(1);
  gru::emulator::set_thread_order(order, seed);
  const DeviceArray<unsigned> noted(grid.x * 40);
  const DeviceArray<unsigned> count(std::vector<unsigned>{0});
  GRU_CHECK_CUDA(launch({grid, 40}, note_order, noted.data(), count.data()));
  return noted.values();
}

}  // namespace

TEST_CASE("threads run in the order asked for") {
  std::vector<unsigned> expected(40);
  std::iota(expected.begin(), expected.end(), 0u);
  CHECK(order_of(ThreadOrder::forward, 0, 1) == expected);
  std::reverse(expected.begin(), expected.end());
  CHECK(order_of(ThreadOrder::reverse, 0, 1) == expected);
}

TEST_CASE("a seed gives one shuffled order of threads and blocks") {
  const std::vector<unsigned> one = order_of(ThreadOrder::shuffle, 1, 7);
  std::vector<unsigned> sorted = one;
  std::sort(sorted.begin(), sorted.end());
  for (unsigned i = 0; i < sorted.size(); ++i) CHECK(sorted[i] == i);
  CHECK(one != sorted);
  CHECK(one == order_of(ThreadOrder::shuffle, 1, 7));
  CHECK(one != order_of(ThreadOrder::shuffle, 2, 7));
}

__global__ void rotate(float* values, int turns) {
  GRU_EMULATED_DYNAMIC_SHARED(float, shared);
  float own = values[threadIdx.x];
  for (int turn = 0; turn < turns; ++turn) {
    shared[threadIdx.x] = own;
    __syncthreads();
    own = shared[(threadIdx.x + 1) % blockDim.x];
    __syncthreads();
  }
  values[threadIdx.x] = own;
}

TEST_CASE("a barrier shows each thread what the others wrote") {
  for (const ThreadOrder order : kOrders) {
    const FreshEmulator fresh;
    gru::emulator::set_thread_order(order, 3);
    std::vector<float> values(100);
    std::iota(values.begin(), values.end(), 0.0f);
    const DeviceArray<float> memory(values);
    GRU_CHECK_CUDA(launch({1, 100, 100 * sizeof(float)}, rotate, memory.data(), 7));
    std::rotate(values.begin(), values.begin() + 7, values.end());
    CHECK(memory.values() == values);
  }
}

__global__ void count_predicates(int* out) {
  out[threadIdx.x] = __syncthreads_count(threadIdx.x % 3 == 0) * 100 +
                     __syncthreads_or(threadIdx.x == 49) * 10 + __syncthreads_and(threadIdx.x < 49);
}

TEST_CASE("a barrier counts predicates") {
  const FreshEmulator fresh;
  const DeviceArray<int> out(50);
  GRU_CHECK_CUDA(launch({1, 50}, count_predicates, out.data()));
  for (const int got : out.values()) CHECK(got == 17 * 100 + 10);
}

__global__ void shuffle_all(float* out, unsigned width) {
  const int segment = static_cast<int>(width);
  const float own = static_cast<float>(threadIdx.x);
  float* const to = out + 4 * threadIdx.x;
  to[0] = __shfl_sync(~0u, own, 3, segment);
  to[1] = __shfl_up_sync(~0u, own, 2, segment);
  to[2] = __shfl_down_sync(~0u, own, 2, segment);
  to[3] = __shfl_xor_sync(~0u, own, 5, segment);
}

TEST_CASE("shuffles read the lanes that the CUDA guide says") {
  for (const unsigned width : {32u, 16u, 8u}) {
    for (const ThreadOrder order : kOrders) {
      const FreshEmulator fresh;
      gru::emulator::set_thread_order(order, 4);
      const DeviceArray<float> out(64 * 4);
      GRU_CHECK_CUDA(launch({1, 64}, shuffle_all, out.data(), width));
      const std::vector<float> got = out.values();
      for (unsigned i = 0; i < 64; ++i) {
        const unsigned start = i / width * width;
        const unsigned place = i - start;
        CHECK(got[4 * i] == static_cast<float>(start + 3));
        CHECK(got[4 * i + 1] == static_cast<float>(place >= 2 ? i - 2 : i));
        CHECK(got[4 * i + 2] == static_cast<float>(place + 2 < width ? i + 2 : i));
        CHECK(got[4 * i + 3] == static_cast<float>(start + (place ^ 5u)));
      }
    }
  }
}

__global__ void vote(unsigned* out) {
  const bool odd = threadIdx.x % 2 == 1;
  out[3 * threadIdx.x] = __ballot_sync(~0u, odd);
  out[3 * threadIdx.x + 1] = static_cast<unsigned>(__any_sync(~0u, threadIdx.x == 35));
  out[3 * threadIdx.x + 2] = static_cast<unsigned>(__all_sync(~0u, threadIdx.x < 40));
}

TEST_CASE("votes are of one warp and of the lanes that there are") {
  const FreshEmulator fresh;
  const DeviceArray<unsigned> out(3 * 50);
  GRU_CHECK_CUDA(launch({1, 50}, vote, out.data()));
  const std::vector<unsigned> got = out.values();
  for (unsigned i = 0; i < 50; ++i) {
    CHECK(got[3 * i] == (i < 32 ? 0xaaaaaaaau : 0x2aaaau));
    CHECK(got[3 * i + 1] == (i < 32 ? 0u : 1u));
    CHECK(got[3 * i + 2] == (i < 32 ? 1u : 0u));
  }
}

__global__ void shuffle_halves(double* out) {
  double own = threadIdx.x;
  if (threadIdx.x < 16) {
    for (int i = 0; i < 3; ++i) own += __shfl_xor_sync(0xffffu, own, 1);
  } else {
    own = __shfl_sync(0xffff0000u, own, 20);
  }
  __syncwarp();
  out[threadIdx.x] = own;
}

TEST_CASE("parts of a warp meet by themselves") {
  for (const ThreadOrder order : kOrders) {
    const FreshEmulator fresh;
    gru::emulator::set_thread_order(order, 5);
    const DeviceArray<double> out(32);
    GRU_CHECK_CUDA(launch({1, 32}, shuffle_halves, out.data()));
    const std::vector<double> got = out.values();
    for (unsigned i = 0; i < 32; ++i) {
      const unsigned pair = 2 * (i / 2 * 2) + 1;
      CHECK(got[i] == (i < 16 ? 4.0 * pair : 20.0));
    }
  }
}

__global__ void read_fresh_shared(float* out) {
  GRU_EMULATED_DYNAMIC_SHARED(float, dynamic);
  GRU_EMULATED_STATIC_SHARED(float, fixed, 64);
  out[2 * threadIdx.x] = dynamic[threadIdx.x];
  out[2 * threadIdx.x + 1] = fixed[threadIdx.x];
  dynamic[threadIdx.x] = fixed[threadIdx.x] = 1;
}

TEST_CASE("shared memory is NaN at the start of each block") {
  const FreshEmulator fresh;
  for (int launches = 0; launches < 2; ++launches) {
    const DeviceArray<float> out(std::vector<float>(128, 0.0f));
    GRU_CHECK_CUDA(launch({1, 64, 64 * sizeof(float)}, read_fresh_shared, out.data()));
    for (const float got : out.values()) CHECK(std::isnan(got));
  }
}

__global__ void add_over_grid(float* values, unsigned* arrived, unsigned turns) {
  const unsigned self = blockIdx.x * blockDim.x + threadIdx.x;
  const unsigned all = gridDim.x * blockDim.x;
  for (unsigned turn = 0; turn < turns; ++turn) {
    const float* const from = values + turn * all;
    values[(turn + 1) * all + self] = from[(self + 1) % all] + from[self];
    __syncthreads();
    if (threadIdx.x == 0) {
      __threadfence();
      atomicAdd(arrived, 1u);
      while (gru::emulator::load_acquire(arrived) < (turn + 1) * gridDim.x) __nanosleep(10);
      __threadfence();
    }
    __syncthreads();
  }
}

TEST_CASE("blocks of a cooperative grid wait for each other") {
  for (const ThreadOrder order : kOrders) {
    const FreshEmulator fresh;
    gru::emulator::set_thread_order(order, 6);
    const unsigned all = 6 * 32;
    const unsigned turns = 10;
    std::vector<float> values(all * (turns + 1), NAN);
    for (unsigned i = 0; i < all; ++i) values[i] = static_cast<float>(i % 7);
    const DeviceArray<float> memory(values);
    const DeviceArray<unsigned> arrived(std::vector<unsigned>{0});
    GRU_CHECK_CUDA(
        launch_cooperative({6, 32}, add_over_grid, memory.data(), arrived.data(), turns));
    for (unsigned i = all; i < values.size(); ++i) {
      const unsigned turn = i / all - 1;
      values[i] = values[turn * all + (i + 1) % all] + values[turn * all + i % all];
    }
    CHECK(memory.values() == values);
  }
}
