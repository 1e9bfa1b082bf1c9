#pragma once

#include "cuda/launch.h"
#include "cuda/limits.h"
#include "cuda/scratch.h"
#include "device/device.h"

/// How the blocks of a persistent kernel divide a layer and a batch.
namespace gru::cuda {

inline constexpr unsigned persistent_threads = 256;

/// Each block has some units of some sequences. Blocks with the same sequences wait for each other.
struct PersistentShape {
  unsigned units = 0;            ///< of a block
  unsigned unit_groups = 0;      ///< blocks that share the units
  unsigned sequences = 0;        ///< of a block
  unsigned sequence_groups = 0;  ///< blocks that share the batch
  unsigned tile = 0;             ///< sequences whose states a block has in shared memory at a time
  std::size_t shared = 0;        ///< bytes
};

/// The blocks of a launch, for its kernel.
struct PersistentGroups {
  PersistentShape shape;
  unsigned* arrivals;  ///< one counter for each group of sequences
};

/// The bytes of shared memory of a block: the gates' weights, and states and sums of a tile.
std::size_t persistent_shared(std::size_t hidden, std::size_t units, std::size_t tile);

/// Whether one block for each multiprocessor is enough for all units. `least` becomes the shape for
/// a batch of one.
bool persistent_fits(const RecurrentShape& shape, const Limits& limits, PersistentShape& least);

/// The same, and whether a multiprocessor can hold a block of this kernel.
template <class... Parameters>
Status persistent_kernel_fits(const RecurrentShape& shape, const Limits& limits, const Queue& queue,
                              void (*kernel)(Parameters...), bool& fits) {
  PersistentShape least;
  fits = persistent_fits(shape, limits, least);
  if (!fits) return {};
  int blocks = 0;
  GRU_RETURN_IF_ERROR(resident_blocks(queue, kernel, persistent_threads, least.shared, blocks));
  fits = blocks > 0;
  return {};
}

PersistentShape persistent_shape(std::size_t hidden, std::size_t batch, const Limits& limits);

/// Sets the counters for the barriers of a launch to zero.
Status reset_arrivals(Scratch<unsigned>& arrivals, const PersistentShape& shape,
                      const Queue& queue);

LaunchShape launch_shape(const PersistentShape& shape);

}  // namespace gru::cuda
