#pragma once

#include "layers/layer.h"
#include "layers/recurrent_stack.h"

namespace gru {

struct KeptStates;

/// A stack of recurrent layers within a graph, with PyTorch's tensors. An optional second input has
/// the states before the first step: for each sequence one row with the states of all layers and
/// directions, first layer first, forward before reverse. A sequence without such a row starts at
/// zero. The two inputs may have different lengths.
class Recurrent final : public Layer {
 public:
  explicit Recurrent(const RecurrentOptions& options) : options_(options) {}

  InputCount input_count() const override { return {1, 2}; }
  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  Status load(Device& device, DeviceSpan<const float> parameters) override;
  std::unique_ptr<LayerPass> make_pass() const override;
  std::size_t dropout_streams() const override { return options_.num_layers; }
  bool reads_output() const override { return true; }
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;

 private:
  /// The number of blocks of the states: layers times directions.
  std::size_t blocks() const { return options_.num_layers * options_.num_directions(); }
  Status check_initial_state(const EdgeShape& shape, const LayerName& name) const;
  Status load_initial_state(Device& device, const RowMap& map, const Sequence& rows,
                            KeptStates& kept) const;
  Status return_initial_state(const LayerBackward& call, KeptStates& kept) const;
  RecurrentInput input_of(const DropoutMask& dropout, const AbortFlag* abort,
                          std::span<const Sequence* const> inputs, const KeptStates& kept) const;

  RecurrentOptions options_;
  RecurrentStack stack_;
};

}  // namespace gru
