#include "cuda/launch.h"

#include "cuda/emulator/control.h"
#include "testing/random_cases.h"

/// Launches of the same kernel must not disturb each other.
namespace gru::cuda {
namespace {

__global__ void nothing(int) {}

Status launch_with(const Queue& queue, std::size_t shared) {
  LaunchShape shape;
  shape.grid = dim3(1);
  shape.block = dim3(warp_size);
  shape.shared = shared;
  return launch(queue, nothing, shape, 1);
}

/// Simulates two models in two threads: one sets the limit of shared memory, the other launches,
/// then the first one launches.
TEST_CASE("a launch with less shared memory leaves others theirs") {
  emulator::reset();
  const Queue queue;
  constexpr std::size_t much = std::size_t{96} * 1024;
  GRU_CHECK_OK(launching::allow_shared(queue, nothing, much));
  GRU_CHECK_OK(launch_with(queue, launching::free_shared + 1024));
  int argument = 1;
  void* addresses[] = {&argument};
  CHECK(cudaLaunchKernel(nothing, dim3(1), dim3(warp_size), addresses, much, nullptr) ==
        cudaSuccess);
  CHECK(cudaDeviceSynchronize() == cudaSuccess);
}

TEST_CASE("more shared memory than the device has is a device status") {
  emulator::reset();
  GRU_CHECK_REFUSED(launch_with({}, std::size_t{1} << 20), StatusCode::device,
                    "cudaErrorInvalidValue");
}

}  // namespace
}  // namespace gru::cuda
