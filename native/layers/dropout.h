#pragma once

#include "base/graph_options.h"
#include "layers/layer.h"

namespace gru {

/// torch.nn.Dropout: in training each value becomes 0 with the given probability; the others are
/// multiplied by 1 / (1 - probability). A mask depends on steps and sequences, not on packed rows.
class Dropout final : public Layer {
 public:
  explicit Dropout(const DropoutOptions& options) : probability_(options.probability) {}

  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  std::unique_ptr<LayerPass> make_pass() const override;
  std::size_t dropout_streams() const override { return 1; }
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;

 private:
  Status mask(Device& device, DropoutMask mask, const Sequence& rows, DeviceMatrix<float> to,
              DeviceMatrix<const float> from) const;

  float probability_;
};

}  // namespace gru
