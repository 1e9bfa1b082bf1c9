#pragma once

#include "cpu/recurrence/weights.h"

namespace gru::cpu {

/// The scratch memory of one device's recurrences; reused.
struct RecurrenceScratch {
  AlignedBuffer gates;          ///< inference: W x + b of a chunk of steps
  AlignedBuffer zero_state;     ///< used if a pass has no initial state
  AlignedBuffer d_state;        ///< backward: the gradient that is passed to the step before
  AlignedBuffer d_cell;         ///< the same for the cell state
  AlignedBuffer d_reset_state;  ///< backward of a GRU, reset before: d(r * h)
  AlignedBuffer bias_sums;

  std::size_t bytes() const {
    return gates.bytes() + zero_state.bytes() + d_state.bytes() + d_cell.bytes() +
           d_reset_state.bytes() + bias_sums.bytes();
  }
};

/// `call.initial_state`, or zeros of its size.
Status initial_state_of(DeviceSpan<const float> given, std::size_t count,
                        RecurrenceScratch& scratch, const float*& state);

Status recurrent_forward(CpuRecurrentWeights& weights, const RecurrentForward& call,
                         RecurrenceScratch& scratch);

}  // namespace gru::cpu
