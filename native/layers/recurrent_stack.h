#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "device/buffer.h"
#include "device/device_rows.h"
#include "layers/parameter_layout.h"
#include "layers/shared_reserve.h"

namespace gru {

/// The results of a pass through a stack. After a training pass they include all that backward
/// needs: for each row of each layer its output (D * H), its reserve (CellSpec::reserve * D * H)
/// and, with dropout, the next layer's input. With a SharedReserve they include no reserves. Later
/// passes reuse the memory.
struct RecurrentActivations {
  DeviceMatrix<float> output;           ///< of the last layer, where the caller placed it
  std::vector<Buffer<float>> outputs;   ///< of each layer but the last: [rows, D*H]
  std::vector<Buffer<float>> dropped;   ///< of each layer but the last, with dropout: [rows, D*H]
  std::vector<Buffer<float>> reserves;  ///< of each layer and direction: [rows, reserve*H]
  std::vector<std::uint64_t> reserve_numbers;  ///< the same, of reserves in a SharedReserve
  Buffer<float> final_state;                   ///< [L*D, batch, H], sorted
  Buffer<float> final_cell;  ///< [L*D, batch, H], sorted; unused without a cell state

  std::size_t held_bytes() const {
    return bytes_of(outputs) + bytes_of(dropped) + bytes_of(reserves) +
           bytes_of(final_state, final_cell);
  }
};

/// The inputs of a pass on the device, packed and sorted. They must stay valid until its backward
/// is done.
struct RecurrentInput {
  const DeviceRows* rows = nullptr;
  DeviceMatrix<const float> input;        ///< [rows, I]
  DeviceSpan<const float> initial_state;  ///< [L*D, batch, H]; empty: zero
  DeviceSpan<const float> initial_cell;   ///< [L*D, batch, H]; empty: zero
  DropoutMask dropout;                    ///< layer l draws from stream dropout.stream + l
  /// In training: the memory of all reserves, which backward computes again; null: each layer and
  /// direction keeps its own.
  SharedReserve* shared_reserve = nullptr;
  const AbortFlag* abort = nullptr;
};

/// The gradients of a pass on the device, packed and sorted. An empty one is zero if it is given,
/// or not wanted if it is a result.
struct RecurrentGradients {
  DeviceMatrix<const float> d_output;  ///< [rows, D*H]
  DeviceSpan<const float> d_state;     ///< [L*D, batch, H]
  DeviceSpan<const float> d_cell;      ///< [L*D, batch, H]
  DeviceMatrix<float> d_input;         ///< [rows, I]
  bool add_to_d_input = false;         ///< d_input already has the gradient of other readers
  DeviceSpan<float> d_initial_state;   ///< [L*D, batch, H]
  DeviceSpan<float> d_initial_cell;    ///< [L*D, batch, H]
  DeviceSpan<float> parameters;        ///< flat, as the parameters lie
};

/// The offsets of the parameters of one direction of one layer in the flat vector. Without a bias,
/// the two offsets of biases have no meaning.
struct RecurrentOffsets {
  std::size_t weight_ih = 0;
  std::size_t weight_hh = 0;
  std::size_t bias_ih = 0;
  std::size_t bias_hh = 0;
};

/// Each layer has named tensors, even if it is narrow. A larger number of layers is surely a
/// mistake.
inline constexpr std::size_t max_recurrent_layers = 1024;

/// Runs layers and directions on a device: it orders the calls and places their results. The owner
/// keeps the parameters and says when they changed.
class RecurrentStack {
 public:
  /// Checks the options and declares the tensors in PyTorch's order and names: weight_ih_l0
  /// [G, I], weight_hh_l0 [G, H], bias_ih_l0 [G], bias_hh_l0 [G], weight_ih_l0_reverse... with
  /// G = CellSpec::gates * H.
  /// Initial values are PyTorch's: uniform(-k, k) with k = 1 / sqrt(H).
  Status declare(const RecurrentOptions& options, const LayerName& name, ParameterLayout& layout);
  /// Takes over the parameters of all layers from the flat vector.
  Status load(Device& device, DeviceSpan<const float> parameters);

  /// As of Layer::trim.
  void trim();

  /// Inference; `output` receives the last layer's rows [rows, D*H].
  Status forward(Device& device, const RecurrentInput& inputs, DeviceMatrix<float> output,
                 RecurrentActivations& kept);
  /// The same with dropout. It keeps what backward needs; the output stays as it is until then.
  Status forward_training(Device& device, const RecurrentInput& inputs, DeviceMatrix<float> output,
                          RecurrentActivations& kept);
  /// `inputs` and `kept` are those of forward_training. Overwrites `kept`.
  Status backward(Device& device, const RecurrentInput& inputs, RecurrentActivations& kept,
                  const RecurrentGradients& gradients);

 private:
  /// One pass through the stack: what the public functions were given.
  struct Pass {
    Device& device;
    const RecurrentInput& inputs;
    RecurrentActivations& kept;

    const RowMap& map() const { return inputs.rows->map(); }
  };

  Status prepare(const Pass& pass) const;
  RecurrentForward forward_call(const Pass& pass, std::size_t layer, std::size_t direction,
                                DeviceMatrix<const float> input, DeviceMatrix<float> output) const;
  Status forward_layer(const Pass& pass, std::size_t layer, DeviceMatrix<const float> input,
                       DeviceMatrix<float> output);
  /// Computes one direction of a layer from what `pass.kept` has, and leaves its reserve in
  /// `reserve`. Repeated, it writes the same bits to the same memory.
  Status forward_direction(const Pass& pass, std::size_t layer, std::size_t direction,
                           DeviceSpan<float>& reserve);
  /// The reserve that forward_direction() left. It is computed again if another one has taken its
  /// memory.
  Status restore_reserve(const Pass& pass, std::size_t layer, std::size_t direction,
                         DeviceSpan<float>& reserve);
  Status open_reserve(const Pass& pass, std::size_t index, DeviceSpan<float>& reserve) const;
  Status backward_layer(const Pass& pass, std::size_t layer, DeviceMatrix<const float> d_output,
                        DeviceMatrix<float> d_input, const RecurrentGradients& gradients);
  DeviceMatrix<const float> layer_input(const Pass& pass, std::size_t layer) const;
  DeviceMatrix<float> layer_output(const Pass& pass, std::size_t layer) const;
  /// Block (layer, direction) of a [L*D, batch, H] tensor; empty if the tensor is empty.
  template <class T>
  DeviceSpan<T> state_of(DeviceSpan<T> states, std::size_t layer, std::size_t direction,
                         std::size_t batch) const;
  template <class T>
  RecurrentTensors<T> tensors_of(DeviceSpan<T> flat, std::size_t layer,
                                 std::size_t direction) const;
  std::size_t index_of(std::size_t layer, std::size_t direction) const {
    return layer * options_.num_directions() + direction;
  }

  RecurrentOptions options_;
  std::vector<RecurrentOffsets> offsets_;                   ///< of each layer and direction
  std::vector<std::unique_ptr<RecurrentWeights>> weights_;  ///< of each layer and direction
  Buffer<float> d_between_[2];  ///< gradients between layers: [rows, D*H]
};

}  // namespace gru
