#pragma once

#include <memory>
#include <vector>

#include "device/buffer.h"
#include "device/device_rows.h"
#include "layers/parameter_layout.h"

namespace gru {

/// The results of a pass through a stack. After a training pass they include all that backward
/// needs: for each row of each layer its output (D * H), its reserve (CellSpec::reserve * D * H)
/// and, with dropout, the next layer's input. Later passes reuse the memory.
struct RecurrentActivations {
  std::vector<Buffer<float>> outputs;   ///< of each layer but the last: [rows, D*H]
  std::vector<Buffer<float>> dropped;   ///< of each layer but the last, with dropout: [rows, D*H]
  std::vector<Buffer<float>> reserves;  ///< of each layer and direction: [rows, reserve*H]
  Buffer<float> final_state;            ///< [L*D, batch, H], sorted
  Buffer<float> final_cell;             ///< [L*D, batch, H], sorted; unused without a cell state
};

/// The inputs of a pass on the device, packed and sorted. They must stay valid until its backward
/// is done.
struct RecurrentInput {
  const DeviceRows* rows = nullptr;
  DeviceMatrix<const float> input;        ///< [rows, I]
  DeviceSpan<const float> initial_state;  ///< [L*D, batch, H]; empty: zero
  DeviceSpan<const float> initial_cell;   ///< [L*D, batch, H]; empty: zero
  DropoutMask dropout;                    ///< layer l draws from stream dropout.stream + l
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

  /// Inference; `output` receives the last layer's rows [rows, D*H].
  Status forward(Device& device, const RecurrentInput& pass, DeviceMatrix<float> output,
                 RecurrentActivations& kept);
  /// The same with dropout. It keeps what backward needs besides the output.
  Status forward_training(Device& device, const RecurrentInput& pass, DeviceMatrix<float> output,
                          RecurrentActivations& kept);
  /// `output` is as forward_training wrote it. Overwrites `kept`.
  Status backward(Device& device, const RecurrentInput& pass, DeviceMatrix<const float> output,
                  RecurrentActivations& kept, const RecurrentGradients& gradients);

 private:
  Status forward_layer(Device& device, std::size_t layer, const RecurrentInput& pass,
                       DeviceMatrix<const float> input, DeviceMatrix<float> output,
                       RecurrentActivations& kept, bool keep_reserve);
  Status backward_layer(Device& device, std::size_t layer, const RecurrentInput& pass,
                        DeviceMatrix<const float> output, RecurrentActivations& kept,
                        DeviceMatrix<const float> d_output, DeviceMatrix<float> d_input,
                        const RecurrentGradients& gradients);
  Status prepare(Device& device, const RecurrentInput& pass, RecurrentActivations& kept) const;
  DeviceMatrix<const float> layer_input(std::size_t layer, const RecurrentInput& pass,
                                        const RecurrentActivations& kept) const;
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
