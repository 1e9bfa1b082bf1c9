#pragma once

#include "cuda/recurrence.h"

/// The arguments of a pass for the kernels of the resident and the persistent tier.
namespace gru::cuda {

struct PassArguments {
  Walk walk;
  unsigned begin;  ///< steps begin..end, in the order of processing
  unsigned end;
  unsigned batch;
  const float* weights;  ///< U, [3H, H]
  float update_sign;
};

struct ForwardArguments : PassArguments {
  const float* bias_hn;
  float* output;
  std::size_t output_stride;

  __device__ float& output_of(const Step& step, unsigned sequence, unsigned unit) const {
    return output[(step.first_row + sequence) * output_stride + unit];
  }
};

struct BackwardArguments : PassArguments {
  const float* d_output;  ///< or null
  std::size_t d_output_stride;
  float* d_state;  ///< [batch, H]

  __device__ float& d_state_of(unsigned sequence, unsigned unit) const {
    return d_state[sequence * walk.hidden + unit];
  }
  __device__ float d_output_of(const Step& step, unsigned sequence, unsigned unit) const {
    if (d_output == nullptr) return 0;
    return d_output[(step.first_row + sequence) * d_output_stride + unit];
  }
};

inline ForwardArguments forward_arguments(const CudaRecurrentWeights& weights,
                                          const ForwardPass& pass, unsigned begin, unsigned end) {
  return {{pass.walks.device, begin, end, pass.batch, weights.weight_hh(0, gate_count).data(),
           weights.update_sign()},
          weights.bias_hn(),
          pass.output,
          pass.output_stride};
}

inline BackwardArguments backward_arguments(const CudaRecurrentWeights& weights,
                                            const BackwardPass& pass, unsigned begin,
                                            unsigned end) {
  return {{pass.walks.device, begin, end, pass.batch, weights.weight_hh(0, gate_count).data(),
           weights.update_sign()},
          pass.d_output.data(),
          pass.d_output.stride(),
          pass.d_state};
}

}  // namespace gru::cuda
