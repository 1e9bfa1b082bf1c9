#pragma once

#include "cuda/launch.h"
#include "cuda/walk.h"

/// The pointwise part of one step, after products that other kernels computed. Layers may have any
/// size.
namespace gru::cuda {

struct ForwardStep {
  Step step;
  /// Products with the state: [rows, 3H] with reset after; [rows, 2H], then [rows, H] with reset
  /// before.
  const float* sums;
  const float* bias_hn;  ///< [H]; with reset after
  float* output;         ///< of row 0 of the step
  std::size_t output_stride;
  float update_sign;
};

Status step_after(const Queue& queue, const ForwardStep& step);
Status step_gates_before(const Queue& queue, const ForwardStep& step);
Status step_candidate_before(const Queue& queue, const ForwardStep& step);

struct BackwardStep {
  Step step;
  const float* d_output;  ///< of row 0 of the step, or null
  std::size_t d_output_stride;
  /// [batch, H]: of h before the step, without the parts that go through products with h.
  float* d_state;
  const float* d_reset;  ///< [rows, H]: d(r h), reset before
  float update_sign;
};

Status step_back_after(const Queue& queue, const BackwardStep& step);
Status step_back_before(const Queue& queue, const BackwardStep& step);
Status step_back_reset_before(const Queue& queue, const BackwardStep& step);

/// A step of an LSTM.
struct LstmForwardStep {
  Step step;
  const float* sums;  ///< of the state: [rows, 4H]
  float* cell;        ///< [batch, H]: c, then c'
  float* output;      ///< of row 0 of the step
  std::size_t output_stride;
};

Status step_lstm(const Queue& queue, const LstmForwardStep& step);

struct LstmBackwardStep {
  Step step;
  const float* cell_before;   ///< c' of the step before, in row 0 of its reserve
  const float* initial_cell;  ///< of sequence 0
  const float* d_output;      ///< of row 0 of the step, or null
  std::size_t d_output_stride;
  const float* d_state;  ///< [batch, H]: of h'
  float* d_cell;         ///< [batch, H]: of c' without the term of h', then of c
};

Status step_back_lstm(const Queue& queue, const LstmBackwardStep& step);

}  // namespace gru::cuda
