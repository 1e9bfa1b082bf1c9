#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "device/device.h"

namespace gru::cuda {

/// SequenceRows for kernels.
struct Sequences {
  std::size_t count = 0;
  std::size_t steps = 0;
  const std::int32_t* first = nullptr;
  const std::int32_t* lengths = nullptr;

  Sequences() = default;
  Sequences(const SequenceRows& of)  // NOLINT: the same rows
      : count(of.sequences), steps(of.steps), first(of.first.data()), lengths(of.length.data()) {}

  /// The row of step t of the sequence at position i.
  __device__ std::size_t row(std::size_t t, std::size_t i) const {
    return static_cast<std::size_t>(first[t]) + i;
  }
  __device__ std::size_t length(std::size_t i) const {
    return static_cast<std::size_t>(lengths[i]);
  }
};

}  // namespace gru::cuda
