#pragma once

#include "layers/layer.h"

namespace gru {

/// One row for each sequence that has a step: the states of a recurrent layer's top layer after the
/// last valid step, forward then reverse.
class SelectLast final : public Layer {
 public:
  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;
};

}  // namespace gru
