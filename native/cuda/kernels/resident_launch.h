#pragma once

#include <type_traits>

#include "cuda/launch.h"
#include "cuda/limits.h"
#include "device/device.h"

/// The number and the shape of the blocks that run a resident kernel.
namespace gru::cuda {

/// The largest number of threads of a block.
inline constexpr unsigned resident_threads = 512;

/// The floats of shared memory for a hidden size and a number of sequences in a block.
using ResidentFloats = std::size_t (*)(std::size_t hidden, unsigned sequences);

struct ResidentShape {
  unsigned rows = 1;  ///< sequences of a thread: 1, 2 or 4
  LaunchShape launch;
};

/// Whether the layer's weights and at least four sequences fit a block.
bool resident_fits(const RecurrentShape& shape, const Limits& limits, ResidentFloats floats);

/// Divides the batch among the multiprocessors, as far as blocks have room.
ResidentShape resident_shape(std::size_t hidden, std::size_t batch, const Limits& limits,
                             ResidentFloats floats);

/// call(std::integral_constant<unsigned, rows>).
template <class Call>
Status with_resident_rows(unsigned rows, const Call& call) {
  if (rows == 1) return call(std::integral_constant<unsigned, 1>());
  if (rows == 2) return call(std::integral_constant<unsigned, 2>());
  return call(std::integral_constant<unsigned, 4>());
}

}  // namespace gru::cuda
