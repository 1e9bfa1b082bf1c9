#include "cuda/gru_backward.h"

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

/// The gradient of the state after each sequence's last step, where the walk back begins, in the
/// memory of the initial state's gradient if that is wanted.
Status start_d_state(Context& context, const RecurrentBackward& call, std::size_t count,
                     float*& d_state) {
  d_state = call.d_initial_state.data();
  if (call.d_initial_state.empty()) {
    GRU_RETURN_IF_ERROR(context.recurrence.d_state.reserve(count, context.queue()));
    d_state = context.recurrence.d_state.data();
  }
  if (count == 0) return {};
  if (call.d_final_state.empty()) return set_to_zero(d_state, count, context.queue());
  GRU_RETURN_IF_CUDA_ERROR(
      context.ordinal, cudaMemcpyAsync(d_state, call.d_final_state.data(), count * sizeof(float),
                                       cudaMemcpyDeviceToDevice, context.stream.get()));
  return {};
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
  GRU_RETURN_IF_ERROR(
      start_d_state(context, call, call.map->batch() * weights.hidden(), pass.d_state));
  if (call.map->rows() == 0) return zero_gradients(call.gradients, context.queue());

  const WalkCall walk{call.map, call.reverse, call.initial_state, call.output};
  GRU_RETURN_IF_ERROR(start_walk(context, weights, walk, pass.walks));
  pass.walks.host.gates = call.reserve.data();
  pass.walks.device.gates = call.reserve.data();
  pass.batch = to_unsigned(call.map->batch());
  pass.d_output = call.d_output;
  GRU_RETURN_IF_ERROR(walk_back(context, weights, call, pass));
  return multiply_gradients(context, weights, call, pass.walks.device);
}

}  // namespace gru::cuda
