#include "layers/embedding.h"

namespace gru {

Status Embedding::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                          ParameterLayout& layout, EdgeShape& output) {
  if (!inputs[0].tokens) {
    return Status::value(name.option("input") + ": expected an input of tokens, got one of values");
  }
  GRU_RETURN_IF_ERROR(check_layer_size(name.option("size"), size_));
  tokens_ = inputs[0].width;
  output = inputs[0];
  output.tokens = false;
  output.width = size_;
  return layout.append(name.tensor("weight"), {tokens_, size_}, InitialValues::normal(1), weight_);
}

Status Embedding::forward(const LayerForward& call) {
  return call.device.gather_rows(call.output, table(call.parameters), call.inputs[0]->tokens);
}

Status Embedding::backward(const LayerBackward& call) {
  return call.device.embedding_backward(table(call.gradients), call.inputs[0]->tokens,
                                        call.d_output.values());
}

}  // namespace gru
