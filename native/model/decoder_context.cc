#include "model/decoder_context.h"

#include <numeric>

namespace gru {

Status DecoderContext::open(Inference& inference, const DecoderParts& parts,
                            std::span<const InputBatch> inputs, const GraphPass& sources,
                            const AbortFlag* abort) {
  const Graph& graph = inference.graph();
  Device& device = inference.device();
  const std::size_t batch = inputs[parts.target].shape.batch;
  sequences_.resize(batch);
  std::iota(sequences_.begin(), sequences_.end(), 0);
  GRU_RETURN_IF_ERROR(graph.copy_edges(device, inputs, parts.context_edges, sources, pass_));
  // A pass of targets without steps ends with the initial states, and the layers compute what they
  // keep of the context.
  const std::vector<std::int32_t> none(batch, 0);
  const InputBatch nothing{{1, batch, none}, {}, none};
  GRU_RETURN_IF_ERROR(graph.load_alone(device, parts.target, nothing, sequences_, pass_));
  GRU_RETURN_IF_ERROR(inference.forward_layers(parts.each_step, abort, pass_));
  GRU_RETURN_IF_ERROR(initial_states_.reserve(device, count_values(parts.states, batch)));
  return end_step(inference, parts, initial_states_.span());
}

Status DecoderContext::step(Inference& inference, const DecoderParts& parts,
                            const DecoderStep& call) {
  const Graph& graph = inference.graph();
  GRU_RETURN_IF_ERROR(
      graph.load_alone(inference.device(), parts.target, call.tokens, sequences_, pass_));
  graph.begin_step(parts.states, call.before, pass_);
  GRU_RETURN_IF_ERROR(inference.forward_layers(parts.each_step, call.abort, pass_));
  return inference.store_output(pass_, parts.output, call.logits);
}

Status DecoderContext::end_step(Inference& inference, const DecoderParts& parts,
                                DeviceSpan<float> states) const {
  return inference.graph().end_step(inference.device(), pass_, parts.states, states);
}

}  // namespace gru
