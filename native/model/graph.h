#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/graph_options.h"
#include "layers/layer.h"
#include "layers/shared_reserve.h"

namespace gru {

/// A batch of one input in the host's memory: `features` or `tokens`, depending on its options.
struct InputBatch {
  BatchShape shape;
  std::span<const float> features;       ///< [steps, batch, size]
  std::span<const std::int32_t> tokens;  ///< [steps, batch], each 0 <= token < size
};

/// One of a graph's states: the initial state of a recurrent layer without `initial_state`.
struct GraphState {
  std::size_t layer = 0;  ///< number in Graph::options().layers
  StateShape shape;
  std::size_t index = 0;  ///< among the states of all layers in a pass
};

/// The number of values of these states of `batch` sequences.
CheckedSize count_values(std::span<const GraphState> states, std::size_t batch);

/// Everything that one pass through a graph holds on the device. Later passes through the same
/// graph reuse it. It must not move, since its parts have pointers to each other.
class GraphPass {
 public:
  GraphPass() = default;
  GraphPass(const GraphPass&) = delete;
  GraphPass& operator=(const GraphPass&) = delete;

  /// Training passes that share a reserve need less memory: backward computes again what recurrent
  /// layers else keep for it. All results have the same bits. Null: nothing is shared. Call it
  /// before a forward pass.
  void share_reserve(std::shared_ptr<SharedReserve> reserve) {
    shared_reserve_ = std::move(reserve);
  }
  /// Backward leaves out layers whose edge does not learn; as of Graph::learning_edges. Empty: all
  /// layers with parameters learn. Call it before a forward pass.
  void set_learning_edges(std::vector<bool> learns) { learns_ = std::move(learns); }

  /// What it holds alone: without a shared reserve.
  std::size_t held_bytes() const;
  /// Frees everything that it holds. The next pass begins with load_inputs, as always.
  void trim();

 private:
  friend class Graph;

  /// The buffers between the host's memory and an input's edge.
  struct Staged {
    Buffer<float> features;
    Buffer<float> packed_features;
    Buffer<std::int32_t> tokens;
    Buffer<std::int32_t> packed_tokens;

    std::size_t held_bytes() const {
      return bytes_of(features, packed_features) + bytes_of(tokens, packed_tokens);
    }
  };

  /// What one layer keeps.
  struct Node {
    std::vector<const Sequence*> inputs;
    std::vector<SequenceGradient*> d_inputs;
    Buffer<float> values;
    std::unique_ptr<LayerPass> kept;

    std::size_t held_bytes() const { return values.bytes() + (kept ? kept->held_bytes() : 0); }
  };

  std::vector<DeviceRows> rows_;                         ///< of each group of inputs
  std::vector<Staged> staged_;                           ///< of each input
  std::vector<Sequence> edges_;                          ///< of each input, then of each layer
  std::vector<SequenceGradient> gradients_;              ///< of each edge
  std::vector<Node> nodes_;                              ///< of each layer
  std::vector<Buffer<float>> sorted_states_;             ///< of each state that is given
  std::vector<DeviceSpan<const float>> initial_states_;  ///< of each state; empty: not given
  std::span<const std::int32_t> other_sequences_;        ///< as LayerForward has them
  std::uint64_t versions_ = 0;                           ///< number of versions of edges so far
  std::shared_ptr<SharedReserve> shared_reserve_;
  std::vector<bool> learns_;  ///< for each edge; empty: as of the graph
  PassMode mode_ = PassMode::inference;
  DropoutMask dropout_;
  const AbortFlag* abort_ = nullptr;
};

/// A batch of one input alone. For all other inputs, and for the layers that do not depend on this
/// one, a pass takes the values of `others`. Sequence i of the batch then belongs to sequence
/// other_sequences[i] there. `others` and `other_sequences` must not change until the layers are
/// computed.
struct PartialBatch {
  std::size_t input = 0;
  InputBatch batch;
  const GraphPass& others;
  std::span<const std::int32_t> other_sequences;
};

/// Layers in an order in which they can be computed, and the edges that each of them reads. This is
/// the only part that knows how they are connected. The memory of its layers belongs to one device.
class Graph {
 public:
  /// Fails with a value status that names the input, layer or output that is not valid.
  static Status create(const GraphOptions& options, std::unique_ptr<Graph>& graph);

  const GraphOptions& options() const { return options_; }
  const ParameterLayout& layout() const { return layout_; }
  const EdgeShape& input_shape(std::size_t input) const { return shapes_[input]; }
  /// The shape of the output of layer number `layer` in options().
  const EdgeShape& layer_shape(std::size_t layer) const { return shapes_[edge_of(layer)]; }
  /// The shape of output number `output`.
  const EdgeShape& output_shape(std::size_t output) const { return shapes_[outputs_[output]]; }
  /// The rows of output number `output`; valid after load_inputs.
  const RowMap& output_map(const GraphPass& pass, std::size_t output) const {
    return pass.edges_[outputs_[output]].rows->map();
  }
  /// The states of the layers that read no initial state from another layer, in the order of
  /// computation. The cell state of a layer comes after its state.
  std::span<const GraphState> states() const { return states_; }
  /// The first input that has the same rows as output number `output`.
  std::size_t output_input(std::size_t output) const {
    return first_of_group_[output_shape(output).group];
  }
  /// The number of edges: the inputs, then the layers in the order of computation.
  std::size_t edge_count() const { return shapes_.size(); }
  /// The values of an edge after a forward pass.
  const Sequence& edge(const GraphPass& pass, std::size_t number) const {
    return pass.edges_[number];
  }
  const EdgeShape& edge_shape(std::size_t number) const { return shapes_[number]; }
  /// For each edge: whether parameters lie before it that are not frozen. `frozen` has an element
  /// for each tensor of layout().
  std::vector<bool> learning_edges(const std::vector<bool>& frozen) const;
  /// An edge in the words of a message, as `the output of layer "memory"`.
  std::string edge_description(std::size_t number) const;
  /// The number of random streams that one training pass uses.
  std::size_t dropout_streams() const { return dropout_streams_; }

  /// Checks that all inputs have the same number of sequences, and that the inputs of one group
  /// have the same steps and lengths.
  Status check_shapes(std::span<const InputBatch> inputs) const;
  /// Takes over the values of the parameters after a change.
  Status load(Device& device, DeviceSpan<const float> parameters);
  /// As of Layer::trim, of all layers.
  void trim();
  /// Checks and packs a batch of every input. Each pass begins with this. All states are zero.
  Status load_inputs(Device& device, std::span<const InputBatch> inputs, GraphPass& pass) const;
  /// Lets the pass begin with states [blocks, batch, width], one for each of states() and in the
  /// order of the batch; an empty one is zero. Call it between load_inputs and a forward pass. The
  /// states get no gradient.
  Status load_states(Device& device, std::span<const DeviceSpan<const float>> states,
                     GraphPass& pass) const;
  /// After a forward pass: the states after each sequence's last valid step, in the same form.
  /// Empty spans are skipped. The final state of a sequence without steps is its initial state.
  Status store_states(Device& device, const GraphPass& pass,
                      std::span<const DeviceSpan<float>> states) const;
  /// After a forward pass: copies the values of an output, an edge of the pass, to the host's
  /// memory. `staged` is scratch.
  Status store_output(Device& device, const Sequence& edge, std::span<float> values,
                      Buffer<float>& staged) const;
  /// The same of all outputs. An empty list: none.
  Status store_outputs(Device& device, const GraphPass& pass,
                       std::span<const std::span<float>> outputs, Buffer<float>& staged) const;
  /// After a batch of at most one step was loaded: lets the pass begin with `values`, the arrays of
  /// `states` one after another, each [blocks, batch, width]. They must not change until the layers
  /// are computed.
  void begin_step(std::span<const GraphState> states, DeviceSpan<const float> values,
                  GraphPass& pass) const;
  /// After the forward pass of such a batch: the states after the step, in the same form.
  Status end_step(Device& device, const GraphPass& pass, std::span<const GraphState> states,
                  DeviceSpan<float> values) const;
  /// The numbers of the layers that depend on any of these inputs, in the order of computation.
  std::vector<std::size_t> layers_behind(std::span<const std::size_t> inputs) const;
  /// The edges that these layers read and that depend on none of these inputs.
  std::vector<std::size_t> other_edges_of(std::span<const std::size_t> inputs) const;
  /// All states of these layers, those that begin with the values of another layer included.
  std::vector<GraphState> all_states(std::span<const std::size_t> layers) const;
  /// Checks that the layers behind these inputs can be computed step by step while the other layers
  /// are computed once. Otherwise a value status names the reason.
  Status check_stepwise(std::span<const std::size_t> inputs) const;
  /// Inference of some layers in this order. Their inputs have been computed.
  Status forward_layers(Device& device, DeviceSpan<const float> parameters,
                        std::span<const std::size_t> layers, const AbortFlag* abort,
                        GraphPass& pass);
  /// Prepares `pass` for the layers behind an input. All states are zero.
  Status load_partial(Device& device, const PartialBatch& partial, GraphPass& pass) const;
  /// Prepares `pass` for the layers behind an input, of which it has the other edges already.
  /// `other_sequences` are as in a PartialBatch. All states are zero.
  Status load_alone(Device& device, std::size_t input, const InputBatch& batch,
                    std::span<const std::int32_t> other_sequences, GraphPass& pass) const;
  /// Copies values of edges to another pass, which then needs `from` no more. `inputs` are the
  /// batches of `from`.
  Status copy_edges(Device& device, std::span<const InputBatch> inputs,
                    std::span<const std::size_t> edges, const GraphPass& from, GraphPass& to) const;
  /// For each state of the layers, and for each i, the final state of sequence parents[i] of the
  /// pass: [blocks, parents, width]. All sequences have all steps.
  Status gather_states(Device& device, const GraphPass& pass, std::span<const std::size_t> layers,
                       DeviceSpan<const std::int32_t> parents,
                       std::vector<Buffer<float>>& states) const;
  /// Lets the pass begin with the states of gather_states(), in the order of the batch.
  void begin_with(std::span<const std::size_t> layers, std::vector<Buffer<float>>& states,
                  GraphPass& pass) const;
  /// Inference.
  Status forward(Device& device, DeviceSpan<const float> parameters, const AbortFlag* abort,
                 GraphPass& pass);
  /// With dropout masks of seed `mask.seed` from stream `mask.stream` on. Keeps what backward
  /// needs.
  Status forward_training(Device& device, DeviceSpan<const float> parameters,
                          const DropoutMask& mask, const AbortFlag* abort, GraphPass& pass);
  /// The data of output number `output` after a forward pass.
  const Sequence& output(const GraphPass& pass, std::size_t output) const {
    return pass.edges_[outputs_[output]];
  }
  /// The memory for the gradient of an output [rows, width], which the caller writes before
  /// backward. Every output needs one. It may be the output's own memory.
  Status open_output_gradient(Device& device, GraphPass& pass, std::size_t output,
                              DeviceMatrix<float>& gradient) const;
  /// Computes the gradients of all parameters from those of the outputs. Those of layers whose edge
  /// does not learn are not written.
  Status backward(Device& device, DeviceSpan<const float> parameters, const AbortFlag* abort,
                  GraphPass& pass, DeviceSpan<float> gradients);

 private:
  struct Node {
    std::unique_ptr<Layer> layer;
    std::vector<std::size_t> inputs;  ///< edges
    std::size_t first_tensor = 0;     ///< of its parameters in the layout
    std::size_t tensors = 0;
    std::size_t first_stream = 0;  ///< of its dropout within a pass
    std::size_t first_state = 0;   ///< of its states in a pass
    std::vector<StateShape> states;
  };

  void wire(GraphPass& pass) const;
  Status load_tokens(Device& device, std::size_t input, std::span<const std::int32_t> tokens,
                     GraphPass& pass) const;
  Status load_features(Device& device, std::size_t input, std::span<const float> features,
                       GraphPass& pass) const;
  Status load_input(Device& device, std::size_t input, const InputBatch& batch,
                    GraphPass& pass) const;
  Status copy_edge(Device& device, std::size_t edge, const GraphPass& from, GraphPass& to) const;
  Status run(Device& device, DeviceSpan<const float> parameters, GraphPass& pass);
  Status run_layer(Device& device, DeviceSpan<const float> parameters, std::size_t layer,
                   GraphPass& pass);
  Status check_input_stepwise(std::size_t input, const std::vector<bool>& behind) const;
  Status check_layer_stepwise(std::size_t layer, const std::vector<bool>& behind) const;
  std::vector<bool> edges_behind(std::span<const std::size_t> inputs) const;
  /// The name of an edge among the options, as `layers.memory`.
  std::string option_name(std::size_t edge) const;
  std::span<const DeviceSpan<const float>> states_of(std::size_t node, const GraphPass& pass) const;
  DropoutMask dropout_of(std::size_t node, const GraphPass& pass) const;
  const DeviceRows& rows_of(const GraphState& state, const GraphPass& pass) const {
    return *pass.edges_[edge_of(state.layer)].rows;
  }
  std::size_t edge_of(std::size_t node) const { return options_.inputs.size() + node; }

  friend class GraphBuilder;

  GraphOptions options_;  ///< layers in the order of computation
  ParameterLayout layout_;
  std::vector<Node> nodes_;
  std::vector<EdgeShape> shapes_;            ///< of each edge
  std::vector<bool> learns_;                 ///< for each edge: whether parameters lie before it
  std::vector<std::size_t> readers_;         ///< of each edge
  std::vector<std::size_t> outputs_;         ///< edges
  std::vector<std::size_t> first_of_group_;  ///< of each group its first input
  std::vector<GraphState> states_;
  std::size_t state_count_ = 0;  ///< of all layers, in a pass
  std::size_t dropout_streams_ = 0;
};

}  // namespace gru
