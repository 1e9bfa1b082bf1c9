#include <algorithm>

#include "call.h"
#include "fatal.h"
#include "runtime_api.h"
#include "stream_handles.h"

namespace gru::emulator {
namespace {

constexpr unsigned kMaxThreads = 1024;
constexpr unsigned kMaxGridYZ = 65535;

bool valid_sizes(dim3 grid, dim3 block) {
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  return grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7fffffff && grid.y <= kMaxGridYZ &&
         grid.z <= kMaxGridYZ && threads > 0 && block.x <= kMaxThreads && block.y <= kMaxThreads &&
         block.z <= 64 && threads <= kMaxThreads;
}

/// The number of blocks that a multiprocessor holds at once. Registers do not limit it here.
int resident_blocks(const Properties& properties, unsigned threads, std::size_t shared) {
  const unsigned whole_warps = (threads + 31) / 32 * 32;
  const std::size_t by_shared =
      properties.shared_per_multiprocessor / (shared + properties.shared_reserved_per_block);
  const int by_threads = properties.threads_per_multiprocessor / static_cast<int>(whole_warps);
  return std::min({static_cast<int>(by_shared), by_threads, properties.blocks_per_multiprocessor});
}

cudaError_t check(const LaunchCall& call, const Device& device) {
  if (!valid_sizes(call.grid, call.block)) return cudaErrorInvalidConfiguration;
  const int limit = device.dynamic_shared_limit(call.kernel);
  if (call.shared_bytes > static_cast<std::size_t>(limit)) return cudaErrorInvalidValue;
  if (!call.cooperative) return cudaSuccess;
  const Properties properties = state().settings().properties;
  const unsigned threads = call.block.x * call.block.y * call.block.z;
  const std::uint64_t resident =
      static_cast<std::uint64_t>(resident_blocks(properties, threads, call.shared_bytes)) *
      static_cast<std::uint64_t>(properties.multiprocessors);
  const std::uint64_t blocks = std::uint64_t{call.grid.x} * call.grid.y * call.grid.z;
  return blocks > resident ? cudaErrorCooperativeLaunchTooLarge : cudaSuccess;
}

Grid describe(const LaunchCall& call, const Device& device, std::function<void()> body) {
  Grid grid;
  grid.kernel = call.kernel;
  grid.body = std::move(body);
  grid.grid_size = call.grid;
  grid.block_size = call.block;
  grid.shared_bytes = call.shared_bytes;
  grid.cooperative = call.cooperative;
  const Settings settings = state().settings();
  const std::size_t allowed = static_cast<std::size_t>(device.dynamic_shared_limit(call.kernel));
  grid.shared_limit = allowed > settings.properties.shared_per_block
                          ? settings.properties.shared_per_block_optin
                          : settings.properties.shared_per_block;
  grid.order = settings.order;
  grid.seed = settings.seed;
  const std::lock_guard lock(state().mutex());
  grid.launch = state().totals.launches++;
  return grid;
}

}  // namespace

cudaError_t launch(const LaunchCall& call, std::function<void()> body) {
  return call_stream(call.function, call.stream, [&](Stream& stream) {
    Device& device = stream.device();
    if (device.number() != current_device()) return cudaErrorInvalidResourceHandle;
    const cudaError_t error = check(call, device);
    if (error != cudaSuccess) return error;
    enqueue_work(stream, [grid = describe(call, device, std::move(body)), &device] {
      run_grid(grid);
      if (const std::optional<std::size_t> bytes = device.memory().overrun()) {
        fatal("kernel %s wrote past the end of %zu bytes of device memory", grid.name().c_str(),
              *bytes);
      }
    });
    return cudaSuccess;
  });
}

cudaError_t set_attribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  return call_device("cudaFuncSetAttribute", [=](Device& device) {
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    const std::size_t limit = state().settings().properties.shared_per_block_optin;
    if (value < 0 || static_cast<std::size_t>(value) > limit) return cudaErrorInvalidValue;
    device.set_dynamic_shared_limit(kernel, value);
    return cudaSuccess;
  });
}

cudaError_t get_attributes(cudaFuncAttributes* attributes, const void* kernel) {
  return call_device("cudaFuncGetAttributes", [=](Device& device) {
    *attributes = {};
    attributes->maxThreadsPerBlock = static_cast<int>(kMaxThreads);
    attributes->numRegs = 32;
    attributes->ptxVersion = attributes->binaryVersion = 86;
    attributes->maxDynamicSharedSizeBytes = device.dynamic_shared_limit(kernel);
    return cudaSuccess;
  });
}

cudaError_t max_active_blocks(int* blocks, const void* kernel, int threads, std::size_t shared) {
  return call_device("cudaOccupancyMaxActiveBlocksPerMultiprocessor", [=](Device& device) {
    if (threads <= 0) return cudaErrorInvalidValue;
    const std::size_t limit = static_cast<std::size_t>(device.dynamic_shared_limit(kernel));
    const bool fits = shared <= limit && threads <= static_cast<int>(kMaxThreads);
    const Properties properties = state().settings().properties;
    *blocks = fits ? resident_blocks(properties, static_cast<unsigned>(threads), shared) : 0;
    return cudaSuccess;
  });
}

}  // namespace gru::emulator
