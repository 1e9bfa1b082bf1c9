#pragma once

#include "cuda/recurrent_weights.h"
#include "cuda/walk.h"

namespace gru::cuda {

/// The number of steps that are launched between two looks at the abort flag.
inline constexpr unsigned chunk_steps = 64;

/// What forward and backward calls have in common.
struct WalkCall {
  const RowMap* map;
  bool reverse;
  DeviceSpan<const float> initial_state;
  DeviceMatrix<const float> output;
};

/// The order of the steps, for the host and for kernels.
struct Walks {
  Walk host;
  Walk device;
};

/// Gives a state of zeros with `count` elements, valid until the next call of this or of
/// start_walk.
Status zero_state(Context& context, std::size_t count, const float*& state);

/// Prepares the order of the steps for a forward or backward call, except for its gates. `output`
/// is where its states are or will be. Loads the step table, and an initial state of zeros if the
/// call has none.
Status start_walk(Context& context, const CudaRecurrentWeights& weights, const WalkCall& call,
                  Walks& walks);

/// Steps begin..end of a forward pass, in the order of processing.
struct ForwardPass {
  Walks walks;
  unsigned batch;
  float* output;
  std::size_t output_stride;
  float* cell;  ///< of an LSTM, [batch, H]: c before `begin`, updated in place
};
/// Runs the steps with the weights' tier.
Status forward_steps(Context& context, const CudaRecurrentWeights& weights, const ForwardPass& pass,
                     unsigned begin, unsigned end);

/// Steps begin..end of a backward pass, from the last to the first. Turns the reserve into the
/// gradients of the gates' inputs, and d_state into the gradient of the state before `begin`.
struct BackwardPass {
  Walks walks;
  unsigned batch;
  DeviceMatrix<const float> d_output;  ///< or empty
  float* d_state;                      ///< [batch, H]
  const float* initial_cell;           ///< of an LSTM: [batch, H]
  float* d_cell;                       ///< of an LSTM, as d_state: [batch, H]
};
/// Runs the steps with the weights' tier.
Status backward_steps(Context& context, const CudaRecurrentWeights& weights,
                      const BackwardPass& pass, unsigned begin, unsigned end);

}  // namespace gru::cuda
