#pragma once

#include "layers/layer.h"

namespace gru {

/// y = weight * (x - mean) / sqrt(variance + 1e-5) + bias over the values of each row, with weight
/// and bias [width of x]: torch.nn.LayerNorm.
class LayerNorm final : public Layer {
 public:
  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  std::unique_ptr<LayerPass> make_pass() const override;
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;

 private:
  std::size_t width_ = 0;
  std::size_t weight_ = 0;
  std::size_t bias_ = 0;
};

}  // namespace gru
