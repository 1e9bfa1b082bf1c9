#pragma once

#include "cuda/gru_weights.h"
#include "cuda/walk.h"

namespace gru::cuda {

/// Steps of a walk that are launched without a look at the abort flag.
inline constexpr unsigned chunk_steps = 64;

/// What forward and backward calls have in common.
struct WalkCall {
  const RowMap* map;
  bool reverse;
  DeviceSpan<const float> initial_state;
  DeviceMatrix<const float> output;
};

/// Where the walk's steps lie, for the host and for kernels.
struct Walks {
  Walk host;
  Walk device;
};

/// A state of zeros for `count` elements, until the next call of this or of start_walk.
Status zero_state(Context& context, std::size_t count, const float*& state);

/// The walk of a call, forward or backward, except for its gates; `output` is where its states lie,
/// now or later. Loads the step table, and an initial state of zeros where the call has none.
Status start_walk(Context& context, const CudaRecurrentWeights& weights, const WalkCall& call,
                  Walks& walks);

/// Steps begin..end of a pass forward, in the walk's order.
struct ForwardPass {
  Walks walks;
  unsigned batch;
  float* output;
  std::size_t output_stride;
  float* cell;  ///< of an LSTM: c before `begin`, then after the last step; [batch, H]
};
/// By the weights' tier.
Status forward_steps(Context& context, const CudaRecurrentWeights& weights, const ForwardPass& pass,
                     unsigned begin, unsigned end);

/// Steps begin..end of a pass backward, from the last to the first: turns the reserve into the
/// gradients of the gates' inputs, and d_state into the gradient of the state before `begin`.
struct BackwardPass {
  Walks walks;
  unsigned batch;
  DeviceMatrix<const float> d_output;  ///< or empty
  float* d_state;                      ///< [batch, H]
  const float* initial_cell;           ///< of an LSTM: [batch, H]
  float* d_cell;                       ///< of an LSTM, as d_state: [batch, H]
};
/// By the weights' tier.
Status backward_steps(Context& context, const CudaRecurrentWeights& weights,
                      const BackwardPass& pass, unsigned begin, unsigned end);

}  // namespace gru::cuda
