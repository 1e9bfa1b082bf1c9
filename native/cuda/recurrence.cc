#include "cuda/recurrence.h"

#include "cuda/kernels/persistent.h"
#include "cuda/kernels/resident.h"
#include "cuda/stepwise.h"

namespace gru::cuda {

Status zero_state(Context& context, std::size_t count, const float*& state) {
  Scratch<float>& zeros = context.recurrence.initial_state;
  GRU_RETURN_IF_ERROR(zeros.reserve(count, context.queue()));
  state = zeros.data();
  if (count == 0) return {};
  GRU_RETURN_IF_CUDA_ERROR(context.ordinal, cudaMemsetAsync(zeros.data(), 0, count * sizeof(float),
                                                            context.stream.get()));
  return {};
}

Status start_walk(Context& context, const CudaRecurrentWeights& weights, const WalkCall& call,
                  Walks& walks) {
  GRU_RETURN_IF_ERROR(context.steps.load(*call.map, context.staging, context.queue()));
  Walk walk{};
  walk.first = context.steps.host_first();
  walk.steps = to_unsigned(call.map->steps());
  walk.reverse = call.reverse;
  walk.hidden = weights.hidden();
  walk.initial = call.initial_state.data();
  if (call.initial_state.empty()) {
    GRU_RETURN_IF_ERROR(zero_state(context, call.map->batch() * weights.hidden(), walk.initial));
  }
  walk.output = call.output.data();
  walk.output_stride = call.output.stride();
  walks.host = walk;
  walks.device = walk;
  walks.device.first = context.steps.first();
  return {};
}

Status forward_steps(Context& context, const CudaRecurrentWeights& weights, const ForwardPass& pass,
                     unsigned begin, unsigned end) {
  switch (weights.tiers().forward) {
    case Tier::resident:
      return resident_forward(context, weights, pass, begin, end);
    case Tier::persistent:
      return persistent_forward(context, weights, pass, begin, end);
    case Tier::stepwise:
      break;
  }
  return stepwise_forward(context, weights, pass, begin, end);
}

Status backward_steps(Context& context, const CudaRecurrentWeights& weights,
                      const BackwardPass& pass, unsigned begin, unsigned end) {
  switch (weights.tiers().backward) {
    case Tier::resident:
      return resident_backward(context, weights, pass, begin, end);
    case Tier::persistent:
      return persistent_backward(context, weights, pass, begin, end);
    case Tier::stepwise:
      break;
  }
  return stepwise_backward(context, weights, pass, begin, end);
}

}  // namespace gru::cuda
