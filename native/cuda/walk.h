#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "base/cell.h"

namespace gru::cuda {

/// The values of one unit in one row of a reserve (base/cell.h). The z slot of a GRU has u: it is
/// z, or 1 - z with UpdateGate::replace, so that always h' = n + u (h - n).
struct GateSlots {
  float* first;
  std::size_t hidden;

  __host__ __device__ float& operator[](std::size_t gate) const { return first[gate * hidden]; }
};

/// The rows of one step, and where each finds the state before it. The first `continuing` sequences
/// find it in the output of the step before. The others begin at this step and find it in the
/// initial state.
struct Step {
  std::size_t first_row;  ///< among the packed rows
  unsigned rows;
  unsigned continuing;
  const float* before;
  std::size_t before_stride;
  const float* initial;  ///< of sequence 0
  float* gates;          ///< of row 0 of the step
  std::size_t hidden;

  __host__ __device__ const float* state(unsigned row) const {
    return row < continuing ? before + row * before_stride : initial + row * hidden;
  }
  /// `reserve` values of each unit lie in a row: CellSpec::reserve.
  template <std::size_t reserve = reserve_gates>
  __host__ __device__ GateSlots slots(unsigned row, unsigned unit) const {
    return {gates + row * (reserve * hidden) + unit, hidden};
  }
};

/// The order in which one direction processes the packed rows. Host and device use the same order;
/// they differ only in where `first` is.
struct Walk {
  const std::int32_t* first;  ///< first packed row of each step, and the end: [steps + 1]
  unsigned steps;
  bool reverse;
  std::size_t hidden;
  const float* initial;  ///< [batch, hidden]
  const float* output;   ///< [rows, hidden], as far as computed
  std::size_t output_stride;
  float* gates;                ///< [rows, reserve * hidden] from first_gate_row on
  std::size_t first_gate_row;  ///< packed row

  __host__ __device__ unsigned time(unsigned s) const { return reverse ? steps - 1 - s : s; }
  __host__ __device__ unsigned batch_size(unsigned s) const {
    const unsigned t = time(s);
    return static_cast<unsigned>(first[t + 1] - first[t]);
  }
  __host__ __device__ std::size_t first_row(unsigned s) const {
    return static_cast<std::size_t>(first[time(s)]);
  }

  /// The step that is processed as the s-th. A row of gates has `reserve` values of each unit.
  __host__ __device__ Step step(unsigned s, std::size_t reserve = reserve_gates) const {
    Step step{};
    step.first_row = first_row(s);
    step.rows = batch_size(s);
    const unsigned old = s == 0 ? 0 : batch_size(s - 1);
    step.continuing = old < step.rows ? old : step.rows;
    step.before = s == 0 ? initial : output + first_row(s - 1) * output_stride;
    step.before_stride = output_stride;
    step.initial = initial;
    step.gates = gates + (step.first_row - first_gate_row) * (reserve * hidden);
    step.hidden = hidden;
    return step;
  }
};

}  // namespace gru::cuda
