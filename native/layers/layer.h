#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "device/device_rows.h"
#include "layers/parameter_layout.h"

/// The contract between the graph and its layers. The graph knows how layers are connected; a layer
/// knows what it computes.

namespace gru {

/// What is known of an edge before the first batch.
struct EdgeShape {
  std::size_t width = 0;      ///< values in a row; with tokens, the size of the vocabulary
  bool tokens = false;        ///< the rows are token ids, not values
  bool recurrent = false;     ///< comes from a recurrent layer, and carries its final states
  std::size_t group = 0;      ///< inputs of one group have the same lengths, and so the same rows
  Every every = Every::step;  ///< a row for each valid step, or one for each sequence that has one
};

/// What a recurrent layer hands from one step to the next: h, and an LSTM's c beside it.
enum class StateKind : std::uint8_t { state, cell };

/// A state of a layer: [blocks, batch, width].
struct StateShape {
  StateKind kind = StateKind::state;
  std::size_t blocks = 0;  ///< layers of a stack times directions
  std::size_t width = 0;
  bool from_layer = false;  ///< it begins with another layer's values, unless it is given

  CheckedSize count(std::size_t batch) const { return CheckedSize(blocks) * batch * width; }
};

/// What an edge of the graph carries in one pass, on the device.
struct Sequence {
  const DeviceRows* rows = nullptr;
  Every every = Every::step;
  std::uint64_t version = 0;         ///< of the values: each time they are computed another one
  DeviceMatrix<const float> values;  ///< [rows, width]
  DeviceSpan<const std::int32_t> tokens;  ///< [rows], of an edge of tokens
  /// Of a recurrent layer's edge: the states after each sequence's last valid step, [L*D, batch,
  /// H], in sorted order. Empty for other layers.
  DeviceSpan<const float> final_state;
  DeviceSpan<const float> final_cell;  ///< the same, of a layer that has a cell state
  std::size_t hidden_size = 0;         ///< H of final_state; the width of the values is D*H

  DeviceSpan<const float> final(StateKind kind) const {
    return kind == StateKind::cell ? final_cell : final_state;
  }

  std::size_t row_count() const {
    return every == Every::step ? rows->map().rows() : rows->map().nonempty_sequences();
  }
};

/// The gradient of an edge. The layers that read the edge contribute to it one after another: the
/// first one writes, the later ones add.
class SequenceGradient {
 public:
  /// Starts a backward pass: nothing has been written yet.
  void begin(const Sequence& of, bool wanted);

  /// Whether any parameters lie before this edge.
  bool wanted() const { return wanted_; }
  /// The memory for a reader's gradient [rows, width]. The reader writes there, or adds if `add` is
  /// true.
  Status open(Device& device, DeviceMatrix<float>& values, bool& add);
  /// Writes `from`, or adds it if another reader wrote before.
  Status accumulate(Device& device, DeviceMatrix<const float> from);
  /// Writes the result of write(matrix), or adds it by way of `scratch` if another reader wrote
  /// before. Does nothing if the gradient is not wanted.
  template <class Write>
  Status accumulate(Device& device, Buffer<float>& scratch, const Write& write);
  /// As open(), for the final states, [L*D, batch, H]. The first reader gets zeros, and writes the
  /// gradients of those states that it reads.
  Status open_final_state(Device& device, DeviceSpan<float>& state, bool& add);
  /// Makes `values` the memory of the gradient. It holds the gradient already, or a loss writes it
  /// there.
  void use_memory(DeviceMatrix<float> values);

  /// Empty if no reader wrote anything: the gradient is zero.
  DeviceMatrix<const float> values() const { return written_ ? values_ : DeviceMatrix<float>(); }
  DeviceSpan<const float> final_state() const {
    return state_written_ ? state_.span() : DeviceSpan<const float>();
  }
  std::size_t held_bytes() const { return bytes_of(buffer_, state_); }

 private:
  Sequence of_;
  bool wanted_ = false;
  bool written_ = false;
  bool state_written_ = false;
  DeviceMatrix<float> values_;
  Buffer<float> buffer_;
  Buffer<float> state_;
};

template <class Write>
Status SequenceGradient::accumulate(Device& device, Buffer<float>& scratch, const Write& write) {
  if (!wanted_) return {};
  DeviceMatrix<float> values;
  bool add = false;
  GRU_RETURN_IF_ERROR(open(device, values, add));
  if (!add) return write(values);
  const std::size_t rows = values.rows();
  const std::size_t width = values.columns();
  GRU_RETURN_IF_ERROR(scratch.reserve(device, CheckedSize(rows) * width));
  const DeviceMatrix<float> part(scratch.span().data(), rows, width, width);
  GRU_RETURN_IF_ERROR(write(part));
  return device.add(values, part);
}

/// What a layer keeps from a forward pass for its backward; each kind derives its own.
class LayerPass {
 public:
  virtual ~LayerPass() = default;
  virtual std::size_t held_bytes() const = 0;
};

class SharedReserve;

/// What a forward pass is for. Training applies dropout and keeps what backward needs.
enum class PassMode : std::uint8_t { inference, training };

/// A layer's part of a forward pass.
struct LayerForward {
  Device& device;
  DeviceSpan<const float> parameters;  ///< of the whole graph
  std::span<const Sequence* const> inputs;
  /// Before the first step, as Layer::states() lists them, in sorted order; each may be empty,
  /// which means zero. They stay where they are up to the pass's backward, which sends no gradient
  /// there.
  std::span<const DeviceSpan<const float>> initial_states;
  /// For each sequence of the first input the one of the second input's batch that it belongs to,
  /// in the order of the batches; empty: both are one batch.
  std::span<const std::int32_t> other_sequences;
  DeviceMatrix<float> output;  ///< [rows, width]
  Sequence& edge;              ///< the output's edge, for data besides the values
  LayerPass* pass;             ///< as make_pass() made it
  PassMode mode = PassMode::inference;
  /// In training: the seed, and the first random stream of this layer in this pass.
  DropoutMask dropout;
  /// In training: where recurrent layers place their reserves; null: each keeps its own.
  SharedReserve* shared_reserve = nullptr;
  const AbortFlag* abort = nullptr;
};

/// A layer's part of a backward pass.
struct LayerBackward {
  Device& device;
  DeviceSpan<const float> parameters;
  std::span<const Sequence* const> inputs;  ///< as in forward
  const Sequence& output;                   ///< as forward left it
  LayerPass* pass;
  const SequenceGradient& d_output;
  std::span<SequenceGradient* const> d_inputs;
  DeviceSpan<float> gradients;  ///< of all parameters of the graph; a layer writes its own
  DropoutMask dropout;          ///< as in forward
  SharedReserve* shared_reserve = nullptr;  ///< as in forward
  const AbortFlag* abort = nullptr;
};

/// How many inputs a kind of layer reads.
struct InputCount {
  std::size_t least = 1;
  std::size_t most = 1;
};

/// One layer of a graph: its parameters, forward and backward. It knows no other layer.
class Layer {
 public:
  Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;
  virtual ~Layer() = default;

  virtual InputCount input_count() const { return {}; }
  /// Takes the shapes of its inputs, declares its parameters, and says the shape of its output.
  /// Fails with a value status that names what is wrong.
  virtual Status declare(std::span<const EdgeShape> inputs, const LayerName& name,
                         ParameterLayout& layout, EdgeShape& output) = 0;
  /// Takes over the values of all parameters after a change.
  virtual Status load(Device&, DeviceSpan<const float> /*parameters*/) { return {}; }
  /// Frees what it keeps between calls, such as packed weights. Before the next pass `load` must be
  /// called.
  virtual void trim() {}
  /// Whether all inputs must have the same rows, since an output's row combines one row of each
  /// input.
  virtual bool joins_inputs() const { return false; }
  virtual std::unique_ptr<LayerPass> make_pass() const { return nullptr; }
  /// The states that a pass may begin with and that its edge carries in the end; after declare().
  virtual std::vector<StateShape> states() const { return {}; }
  /// Whether the output after a step follows from this step's row of the first input and from the
  /// states before it: so that a sequence can be computed step by step.
  virtual bool computes_stepwise() const { return true; }
  /// Random streams that a training pass takes.
  virtual std::size_t dropout_streams() const { return 0; }
  /// Whether backward reads the output's values. If so, nothing may overwrite them.
  virtual bool reads_output() const { return false; }

  virtual Status forward(const LayerForward& call) = 0;
  /// Writes the gradients of its own parameters, and those of its inputs if they are wanted.
  virtual Status backward(const LayerBackward& call) = 0;
};

/// Fails with a value status that names `option` if the input has tokens.
Status check_values(const std::string& option, const EdgeShape& input);
/// The shape of rows of `width` values for the same steps as the rows of `input`.
EdgeShape with_width(const EdgeShape& input, std::size_t width);

}  // namespace gru
