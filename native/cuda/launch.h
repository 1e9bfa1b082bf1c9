#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "cuda/check.h"
#include "cuda/queue.h"

namespace gru::cuda {

inline constexpr unsigned warp_size = 32;

/// The threads that run a kernel, and the bytes of dynamic shared memory of each block.
struct LaunchShape {
  dim3 grid;
  dim3 block;
  std::size_t shared = 0;
};

/// The number of parts of at most `size` that `count` elements make.
constexpr std::size_t parts_of(std::size_t count, std::size_t size) {
  return (count + size - 1) / size;
}

constexpr unsigned to_unsigned(std::size_t value) { return static_cast<unsigned>(value); }

namespace launching {

/// Up to this size dynamic shared memory needs no permission.
inline constexpr std::size_t free_shared = std::size_t{48} * 1024;

inline bool is_empty(const LaunchShape& shape) {
  return shape.grid.x == 0 || shape.grid.y == 0 || shape.grid.z == 0;
}

/// Sets a kernel's limit of dynamic shared memory, if `bytes` needs it, to the most that the device
/// has. The limit is common to all threads: a smaller one could break the launch of another model's
/// thread. Such a kernel has no shared memory of fixed size.
template <class... Parameters>
Status allow_shared(const Queue& queue, void (*kernel)(Parameters...), std::size_t bytes) {
  if (bytes <= free_shared) return {};
  int most = 0;
  GRU_RETURN_IF_CUDA_ERROR(
      queue.ordinal,
      cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, queue.ordinal));
  GRU_RETURN_IF_CUDA_ERROR(
      queue.ordinal,
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, most));
  return {};
}

/// Calls call(void**) with the addresses of the arguments, which have the types of the kernel's
/// parameters.
template <class... Parameters, class Call>
Status with_addresses(std::tuple<Parameters...> arguments, const Call& call) {
  return std::apply(
      [&](auto&... argument) {
        void* addresses[] = {static_cast<void*>(&argument)...};
        return call(addresses);
      },
      arguments);
}

}  // namespace launching

/// Runs kernel(arguments...) on the queue. Does nothing if a dimension of the grid is 0.
template <class... Parameters, class... Arguments>
Status launch(const Queue& queue, void (*kernel)(Parameters...), const LaunchShape& shape,
              const Arguments&... arguments) {
  if (launching::is_empty(shape)) return {};
  GRU_RETURN_IF_ERROR(launching::allow_shared(queue, kernel, shape.shared));
  return launching::with_addresses(
      std::tuple<Parameters...>(arguments...), [&](void** addresses) -> Status {
        GRU_RETURN_IF_CUDA_ERROR(queue.ordinal,
                                 cudaLaunchKernel(kernel, shape.grid, shape.block, addresses,
                                                  shape.shared, queue.stream));
        return {};
      });
}

/// The same with all blocks resident at the same time, so that they may wait for each other.
template <class... Parameters, class... Arguments>
Status launch_cooperative(const Queue& queue, void (*kernel)(Parameters...),
                          const LaunchShape& shape, const Arguments&... arguments) {
  if (launching::is_empty(shape)) return {};
  GRU_RETURN_IF_ERROR(launching::allow_shared(queue, kernel, shape.shared));
  return launching::with_addresses(
      std::tuple<Parameters...>(arguments...), [&](void** addresses) -> Status {
        GRU_RETURN_IF_CUDA_ERROR(
            queue.ordinal, cudaLaunchCooperativeKernel(kernel, shape.grid, shape.block, addresses,
                                                       shape.shared, queue.stream));
        return {};
      });
}

/// The number of blocks of `threads` threads and `shared` bytes that one multiprocessor holds.
template <class... Parameters>
Status resident_blocks(const Queue& queue, void (*kernel)(Parameters...), unsigned threads,
                       std::size_t shared, int& blocks) {
  GRU_RETURN_IF_ERROR(launching::allow_shared(queue, kernel, shared));
  GRU_RETURN_IF_CUDA_ERROR(queue.ordinal, cudaOccupancyMaxActiveBlocksPerMultiprocessor(
                                              &blocks, kernel, static_cast<int>(threads), shared));
  return {};
}

/// Work without any structure: the threads of a block, and the largest number of blocks.
inline constexpr unsigned plain_threads = 256;
inline constexpr std::size_t most_plain_blocks = 1024;

/// Threads for a matrix of rows x columns: one for each element up to a limit. Beyond it each
/// thread takes several elements (for_each_element).
inline LaunchShape matrix_shape(std::size_t rows, std::size_t columns) {
  unsigned width = 1;
  while (width < plain_threads && width < columns) width *= 2;
  const unsigned height = plain_threads / width;
  LaunchShape shape;
  shape.block = dim3(width, height);
  shape.grid = dim3(to_unsigned(std::min(parts_of(columns, width), most_plain_blocks)),
                    to_unsigned(std::min(parts_of(rows, height), most_plain_blocks)));
  return shape;
}

/// The same for a vector (for_each_index).
inline LaunchShape vector_shape(std::size_t count) {
  LaunchShape shape;
  shape.block = dim3(plain_threads);
  shape.grid = dim3(to_unsigned(std::min(parts_of(count, plain_threads), most_plain_blocks)));
  return shape;
}

}  // namespace gru::cuda
