#pragma once

#include "layers/layer.h"
#include "layers/recurrent_stack.h"

namespace gru {

struct KeptStates;

/// A stack of recurrent layers within a graph, with PyTorch's tensors. A second input has the
/// states before the first step: for each sequence one row of all layers' and directions' states,
/// those of the first layer first, forward before reverse. A sequence without such a row begins at
/// zero. The two inputs may have different lengths. A pass may also be given the states that it
/// begins with; these take the place of the second input's.
class Recurrent final : public Layer {
 public:
  explicit Recurrent(const RecurrentOptions& options) : options_(options) {}

  InputCount input_count() const override { return {1, 2}; }
  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  Status load(Device& device, DeviceSpan<const float> parameters) override;
  void trim() override { stack_.trim(); }
  std::unique_ptr<LayerPass> make_pass() const override;
  std::vector<StateShape> states() const override;
  bool computes_stepwise() const override { return !options_.bidirectional; }
  std::size_t dropout_streams() const override { return options_.num_layers; }
  bool reads_output() const override { return true; }
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;

 private:
  /// The number of blocks of the states: layers times directions.
  std::size_t blocks() const { return options_.num_layers * options_.num_directions(); }
  Status check_initial_state(const EdgeShape& shape, const LayerName& name) const;
  Status load_initial_state(const LayerForward& call, KeptStates& kept) const;
  Status return_initial_state(const LayerBackward& call, KeptStates& kept) const;
  Status load_initial_states(const LayerForward& call, KeptStates& kept) const;
  /// Of a LayerForward, or of the LayerBackward that belongs to it.
  template <class Call>
  RecurrentInput input_of(const Call& call, const KeptStates& kept) const;

  RecurrentOptions options_;
  bool reads_initial_state_ = false;
  RecurrentStack stack_;
};

}  // namespace gru
