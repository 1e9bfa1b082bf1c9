#pragma once

#include "layers/layer.h"
#include "layers/recurrent_stack.h"

namespace gru {

/// A stack of recurrent layers within a graph, with PyTorch's tensors.
class Recurrent final : public Layer {
 public:
  explicit Recurrent(const RecurrentOptions& options) : options_(options) {}

  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  Status load(Device& device, DeviceSpan<const float> parameters) override;
  std::unique_ptr<LayerPass> make_pass() const override;
  std::size_t dropout_streams() const override { return options_.num_layers; }
  bool reads_output() const override { return true; }
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;

 private:
  RecurrentOptions options_;
  RecurrentStack stack_;
};

}  // namespace gru
