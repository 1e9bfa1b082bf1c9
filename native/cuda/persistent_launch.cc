#include "cuda/kernels/persistent_launch.h"

#include <algorithm>

#include "base/cell.h"

namespace gru::cuda {

namespace {

/// A warp multiplies this many sequences at a time.
constexpr std::size_t tile_unit = 4;
/// The number of sequences that are worth a group of blocks of their own.
constexpr std::size_t group_sequences = 8;
/// Larger layers fit no GPU.
constexpr std::size_t most_hidden = 65536;

std::size_t multiprocessors_of(const Limits& limits) {
  return static_cast<std::size_t>(limits.multiprocessors);
}

/// The most units that fit a block, with the smallest tile.
std::size_t most_units(std::size_t hidden, const Limits& limits) {
  std::size_t units = 0;
  while (units < hidden &&
         persistent_shared(hidden, units + 1, tile_unit) <= limits.shared_memory) {
    ++units;
  }
  return units;
}

}  // namespace

std::size_t persistent_shared(std::size_t hidden, std::size_t units, std::size_t tile) {
  const std::size_t depth = parts_of(hidden, 4) * 4;
  return sizeof(float) * (gate_count * units * depth + tile * depth + tile * gate_count * units);
}

bool persistent_fits(const RecurrentShape& shape, const Limits& limits, PersistentShape& least) {
  if (!limits.cooperative_launch || shape.hidden_size > most_hidden) return false;
  const std::size_t units = parts_of(shape.hidden_size, multiprocessors_of(limits));
  if (units > most_units(shape.hidden_size, limits)) return false;
  least = persistent_shape(shape.hidden_size, 1, limits);
  return true;
}

PersistentShape persistent_shape(std::size_t hidden, std::size_t batch, const Limits& limits) {
  const std::size_t blocks = multiprocessors_of(limits);
  const std::size_t wanted_groups = std::max<std::size_t>(1, parts_of(batch, group_sequences));
  const std::size_t least_units = parts_of(hidden, blocks);
  const std::size_t units =
      std::clamp(parts_of(hidden * wanted_groups, blocks), least_units, most_units(hidden, limits));
  const std::size_t unit_groups = parts_of(hidden, units);
  const std::size_t sequences =
      std::max<std::size_t>(1, parts_of(batch, std::min(wanted_groups, blocks / unit_groups)));
  std::size_t tile = parts_of(sequences, tile_unit) * tile_unit;
  while (tile > tile_unit && persistent_shared(hidden, units, tile) > limits.shared_memory) {
    tile -= tile_unit;
  }
  PersistentShape shape;
  shape.units = to_unsigned(units);
  shape.unit_groups = to_unsigned(unit_groups);
  shape.sequences = to_unsigned(sequences);
  shape.sequence_groups = to_unsigned(parts_of(batch, sequences));
  shape.tile = to_unsigned(tile);
  shape.shared = persistent_shared(hidden, units, tile);
  return shape;
}

Status reset_arrivals(Scratch<unsigned>& arrivals, const PersistentShape& shape,
                      const Queue& queue) {
  if (shape.sequence_groups == 0) return {};
  GRU_RETURN_IF_ERROR(arrivals.reserve(shape.sequence_groups, queue));
  GRU_RETURN_IF_CUDA_ERROR(
      queue.ordinal,
      cudaMemsetAsync(arrivals.data(), 0, shape.sequence_groups * sizeof(unsigned), queue.stream));
  return {};
}

LaunchShape launch_shape(const PersistentShape& shape) {
  return {dim3(shape.unit_groups, shape.sequence_groups), dim3(persistent_threads), shape.shared};
}

}  // namespace gru::cuda
