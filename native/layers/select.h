#pragma once

#include "layers/layer.h"

/// Layers that reduce each sequence with a valid step to one row.

namespace gru {

/// The states of a recurrent layer's top layer after the last valid step, forward then reverse.
class SelectFinalState final : public Layer {
 public:
  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;
};

/// The row of the last valid step.
class SelectLast final : public Layer {
 public:
  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  std::unique_ptr<LayerPass> make_pass() const override;
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;
};

/// The mean of the valid rows.
class SelectMean final : public Layer {
 public:
  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  bool computes_stepwise() const override { return false; }
  std::unique_ptr<LayerPass> make_pass() const override;
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;
};

}  // namespace gru
