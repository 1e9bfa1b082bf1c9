#pragma once

#include "layers/layer.h"

/// Layers that join the rows of several inputs.

namespace gru {

/// Puts the values of its inputs side by side.
class Concat final : public Layer {
 public:
  InputCount input_count() const override { return {2, SIZE_MAX}; }
  bool joins_inputs() const override { return true; }
  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;
};

/// Adds inputs of the same width.
class Add final : public Layer {
 public:
  InputCount input_count() const override { return {2, SIZE_MAX}; }
  bool joins_inputs() const override { return true; }
  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;
};

}  // namespace gru
