#include "cuda/kernels/resident_launch.h"

#include <algorithm>

namespace gru::cuda {

namespace {

constexpr unsigned least_sequences = 4;

unsigned width_of(std::size_t hidden) {
  return to_unsigned(parts_of(hidden, warp_size) * warp_size);
}

}  // namespace

bool resident_fits(const RecurrentShape& shape, const Limits& limits, ResidentFloats floats) {
  // For larger layers the number of floats could overflow. They fit no block anyway.
  if (shape.hidden_size > resident_threads) return false;
  return floats(shape.hidden_size, least_sequences) * sizeof(float) <= limits.shared_memory;
}

ResidentShape resident_shape(std::size_t hidden, std::size_t batch, const Limits& limits,
                             ResidentFloats floats) {
  const auto multiprocessors = static_cast<std::size_t>(limits.multiprocessors);
  const std::size_t share = std::max<std::size_t>(1, parts_of(batch, multiprocessors));
  const unsigned most_groups = std::max(1U, resident_threads / width_of(hidden));
  ResidentShape shape;
  while (shape.rows < 4 && shape.rows * most_groups < share) shape.rows *= 2;
  unsigned groups = to_unsigned(std::min<std::size_t>(most_groups, parts_of(share, shape.rows)));
  const auto fits = [&] {
    return floats(hidden, groups * shape.rows) * sizeof(float) <= limits.shared_memory;
  };
  while (groups > 1 && !fits()) --groups;
  shape.launch.block = dim3(width_of(hidden), groups);
  shape.launch.grid = dim3(to_unsigned(parts_of(batch, groups * shape.rows)));
  shape.launch.shared = floats(hidden, groups * shape.rows) * sizeof(float);
  return shape;
}

}  // namespace gru::cuda
