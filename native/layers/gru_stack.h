#pragma once

#include <memory>
#include <vector>

#include "base/parameters.h"
#include "device/buffer.h"
#include "device/device_rows.h"

namespace gru {

/// What a pass through a stack computed. After a training pass it holds all that backward needs:
/// for each row of each layer its output (D * H), its reserve (4 times D * H) and, with dropout,
/// the next layer's input. Reused from pass to pass.
struct GruActivations {
  std::vector<Buffer<float>> outputs;   ///< of each layer: [rows, D*H]
  std::vector<Buffer<float>> dropped;   ///< of each layer but the last, with dropout: [rows, D*H]
  std::vector<Buffer<float>> reserves;  ///< of each layer and direction: [rows, 4*H]
  Buffer<float> final_state;            ///< [L*D, batch, H], sorted
};

/// Inputs of a pass, packed and sorted, on the device. They must outlive it up to its backward.
struct GruPassInput {
  const DeviceRows* rows = nullptr;
  DeviceMatrix<const float> input;        ///< [rows, I]
  DeviceSpan<const float> initial_state;  ///< [L*D, batch, H]; empty: zero
  DropoutMask dropout;                    ///< layer l draws from stream dropout.stream + l
  const AbortFlag* abort = nullptr;
};

/// Gradients of a pass, packed and sorted, on the device; what is empty is zero or not wanted.
struct GruPassGradients {
  DeviceMatrix<const float> d_output;  ///< [rows, D*H]
  DeviceSpan<const float> d_state;     ///< [L*D, batch, H]
  DeviceMatrix<float> d_input;         ///< [rows, I]
  DeviceSpan<float> d_initial_state;   ///< [L*D, batch, H]
  DeviceSpan<float> parameters;        ///< flat, as the parameters lie
};

/// Layers and directions over a device: which call follows which, and where their results lie.
/// Parameters stay with the owner, who says when they changed.
class GruStack {
 public:
  GruStack(Device& device, const GruOptions& options, const ParameterLayout& layout)
      : device_(device), options_(options), layout_(layout) {}

  /// Takes over the parameters of all layers from the flat vector.
  Status load(DeviceSpan<const float> parameters);

  /// Inference; `output` receives the last layer's rows [rows, D*H].
  Status forward(const GruPassInput& pass, DeviceMatrix<float> output, GruActivations& kept);
  /// The same with dropout, keeping what backward needs; the output is kept.outputs.back().
  Status forward_training(const GruPassInput& pass, GruActivations& kept);
  /// Uses up `kept`.
  Status backward(const GruPassInput& pass, GruActivations& kept,
                  const GruPassGradients& gradients);

 private:
  Status forward_layer(std::size_t layer, const GruPassInput& pass, DeviceMatrix<const float> input,
                       DeviceMatrix<float> output, GruActivations& kept, bool keep_reserve);
  Status backward_layer(std::size_t layer, const GruPassInput& pass,
                        DeviceMatrix<const float> input, GruActivations& kept,
                        DeviceMatrix<const float> d_output, DeviceMatrix<float> d_input,
                        const GruPassGradients& gradients);
  Status prepare(const GruPassInput& pass, GruActivations& kept) const;
  DeviceMatrix<const float> layer_input(std::size_t layer, const GruPassInput& pass,
                                        const GruActivations& kept) const;
  /// Block (layer, direction) of a [L*D, batch, H] tensor, or nothing of nothing.
  template <class T>
  DeviceSpan<T> state_of(DeviceSpan<T> states, std::size_t layer, std::size_t direction,
                         std::size_t batch) const;
  template <class T>
  GruTensors<T> tensors_of(DeviceSpan<T> flat, std::size_t layer, std::size_t direction) const;
  std::size_t index_of(std::size_t layer, std::size_t direction) const {
    return layer * options_.num_directions() + direction;
  }

  Device& device_;
  GruOptions options_;
  const ParameterLayout& layout_;
  std::vector<std::unique_ptr<GruWeights>> weights_;  ///< of each layer and direction
  Buffer<float> d_between_[2];                        ///< gradients between layers: [rows, D*H]
};

}  // namespace gru
