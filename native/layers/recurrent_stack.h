#pragma once

#include <memory>
#include <vector>

#include "device/buffer.h"
#include "device/device_rows.h"
#include "layers/parameter_layout.h"

namespace gru {

/// What a pass through a stack computed. After a training pass it holds all that backward needs:
/// for each row of each layer its output (D * H), its reserve (CellSpec::reserve times D * H) and,
/// with dropout, the next layer's input.  Reused from pass to pass.
struct RecurrentActivations {
  std::vector<Buffer<float>> outputs;   ///< of each layer but the last: [rows, D*H]
  std::vector<Buffer<float>> dropped;   ///< of each layer but the last, with dropout: [rows, D*H]
  std::vector<Buffer<float>> reserves;  ///< of each layer and direction: [rows, reserve*H]
  Buffer<float> final_state;            ///< [L*D, batch, H], sorted
  Buffer<float> final_cell;             ///< [L*D, batch, H], sorted; unused without a cell state
};

/// Inputs of a pass, packed and sorted, on the device. They must outlive it up to its backward.
struct RecurrentInput {
  const DeviceRows* rows = nullptr;
  DeviceMatrix<const float> input;        ///< [rows, I]
  DeviceSpan<const float> initial_state;  ///< [L*D, batch, H]; empty: zero
  DeviceSpan<const float> initial_cell;   ///< [L*D, batch, H]; empty: zero
  DropoutMask dropout;                    ///< layer l draws from stream dropout.stream + l
  const AbortFlag* abort = nullptr;
};

/// Gradients of a pass, packed and sorted, on the device; what is empty is zero or not wanted.
struct RecurrentGradients {
  DeviceMatrix<const float> d_output;  ///< [rows, D*H]
  DeviceSpan<const float> d_state;     ///< [L*D, batch, H]
  DeviceSpan<const float> d_cell;      ///< [L*D, batch, H]
  DeviceMatrix<float> d_input;         ///< [rows, I]
  bool add_to_d_input = false;         ///< d_input holds the gradient of other readers
  DeviceSpan<float> d_initial_state;   ///< [L*D, batch, H]
  DeviceSpan<float> d_initial_cell;    ///< [L*D, batch, H]
  DeviceSpan<float> parameters;        ///< flat, as the parameters lie
};

/// Where one direction of one layer finds its parameters in the flat vector; without a bias its two
/// offsets mean nothing.
struct RecurrentOffsets {
  std::size_t weight_ih = 0;
  std::size_t weight_hh = 0;
  std::size_t bias_ih = 0;
  std::size_t bias_hh = 0;
};

/// Every layer has tensors of its own, however narrow it is: a larger number of them is a mistake.
inline constexpr std::size_t max_recurrent_layers = 1024;

/// Layers and directions over a device: which call follows which, and where their results lie.
/// Parameters stay with the owner, who says when they changed.
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
  /// The same with dropout, keeping what backward needs beside the output.
  Status forward_training(Device& device, const RecurrentInput& pass, DeviceMatrix<float> output,
                          RecurrentActivations& kept);
  /// `output` as forward_training wrote it. Uses up `kept`.
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
  /// Block (layer, direction) of a [L*D, batch, H] tensor; empty where the tensor is.
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
