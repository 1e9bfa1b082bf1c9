#include "cuda/recurrent_backward.h"

#include <algorithm>

#include "cuda/gradient_products.h"
#include "cuda/recurrence.h"

namespace gru::cuda {

namespace {

Status set_to_zero(float* to, std::size_t count, const Queue& queue) {
  if (count == 0) return {};
  GRU_RETURN_IF_CUDA_ERROR(queue.ordinal,
                           cudaMemsetAsync(to, 0, count * sizeof(float), queue.stream));
  return {};
}

/// The gradient of a state, which the backward pass carries from the last step to the first.
struct StateGradient {
  DeviceSpan<const float> final;  ///< after each sequence's last step; empty: zero
  DeviceSpan<float> initial;      ///< before the first step; empty: not wanted
  Scratch<float>& scratch;        ///< used if `initial` is empty
};

Status start_gradient(Context& context, const StateGradient& gradient, std::size_t count,
                      float*& walking) {
  walking = gradient.initial.data();
  if (gradient.initial.empty()) {
    GRU_RETURN_IF_ERROR(gradient.scratch.reserve(count, context.queue()));
    walking = gradient.scratch.data();
  }
  if (count == 0) return {};
  if (gradient.final.empty()) return set_to_zero(walking, count, context.queue());
  GRU_RETURN_IF_CUDA_ERROR(context.ordinal,
                           cudaMemcpyAsync(walking, gradient.final.data(), count * sizeof(float),
                                           cudaMemcpyDeviceToDevice, context.stream.get()));
  return {};
}

Status start_gradients(Context& context, const CudaRecurrentWeights& weights,
                       const RecurrentBackward& call, BackwardPass& pass) {
  const std::size_t count = call.map->batch() * weights.hidden();
  const StateGradient state{call.d_final_state, call.d_initial_state, context.recurrence.d_state};
  GRU_RETURN_IF_ERROR(start_gradient(context, state, count, pass.d_state));
  if (weights.spec().states == 1) return {};
  const StateGradient cell{call.d_final_cell, call.d_initial_cell, context.recurrence.d_cell};
  return start_gradient(context, cell, count, pass.d_cell);
}

/// An LSTM's cell state before the first step.
Status start_cell(Context& context, const CudaRecurrentWeights& weights,
                  const RecurrentBackward& call, BackwardPass& pass) {
  if (weights.spec().states == 1) return {};
  pass.initial_cell = call.initial_cell.data();
  if (!call.initial_cell.empty()) return {};
  return zero_state(context, call.map->batch() * weights.hidden(), pass.initial_cell);
}

Status zero_gradients(const RecurrentTensors<float>& gradients, const Queue& queue) {
  for (const DeviceSpan<float>& span :
       {gradients.weight_ih, gradients.weight_hh, gradients.bias_ih, gradients.bias_hh}) {
    GRU_RETURN_IF_ERROR(set_to_zero(span.data(), span.size(), queue));
  }
  return {};
}

Status walk_back(Context& context, const CudaRecurrentWeights& weights,
                 const RecurrentBackward& call, const BackwardPass& pass) {
  for (unsigned end = to_unsigned(call.map->steps()); end > 0;) {
    const unsigned begin = end - std::min(chunk_steps, end);
    GRU_RETURN_IF_ERROR(context.pacer.begin(call.abort, context.queue()));
    GRU_RETURN_IF_ERROR(backward_steps(context, weights, pass, begin, end));
    GRU_RETURN_IF_ERROR(context.pacer.end(call.abort, context.queue()));
    end = begin;
  }
  return {};
}

}  // namespace

Status recurrent_backward(Context& context, const CudaRecurrentWeights& weights,
                          const RecurrentBackward& call) {
  BackwardPass pass{};
  GRU_RETURN_IF_ERROR(start_gradients(context, weights, call, pass));
  if (call.map->rows() == 0) return zero_gradients(call.gradients, context.queue());

  const WalkCall walk{call.map, call.reverse, call.initial_state, call.output};
  GRU_RETURN_IF_ERROR(start_walk(context, weights, walk, pass.walks));
  GRU_RETURN_IF_ERROR(start_cell(context, weights, call, pass));
  pass.walks.host.gates = call.reserve.data();
  pass.walks.device.gates = call.reserve.data();
  pass.batch = to_unsigned(call.map->batch());
  pass.d_output = call.d_output;
  GRU_RETURN_IF_ERROR(walk_back(context, weights, call, pass));
  return multiply_gradients(context, weights, call, pass.walks.device);
}

}  // namespace gru::cuda
