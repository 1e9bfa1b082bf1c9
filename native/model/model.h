#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "layers/parameter_store.h"
#include "model/graph.h"
#include "model/inference_memory.h"
#include "model/lanes.h"
#include "model/loaded_parameters.h"

namespace gru {

/// A prediction on the host's memory.
struct PredictCall {
  std::span<const InputBatch> inputs;  ///< one batch of every input
  /// Memory for every output: [steps, batch, width], or [batch, width] after a selection. Zeros are
  /// written if there is no valid step.
  std::span<const std::span<float>> outputs;
  /// For each of Graph::states() [blocks, batch, width]; an empty one is zero. No list: all zero.
  std::span<const std::span<const float>> initial_states{};
  /// Memory for each of these states after the last valid step; empty spans are skipped. It may be
  /// the memory of the same initial state. No list: no state is written.
  std::span<const std::span<float>> states{};
  const AbortFlag* abort = nullptr;
};

/// A graph with its parameters, on one device. Two threads must not use it at the same time, except
/// for calls of `predict` and of different sessions, if the device has siblings
/// (Device::create_sibling). Public calls do not throw.
class Model {
 public:
  static Status create(const GraphOptions& options, std::unique_ptr<Device> device,
                       std::uint64_t seed, std::unique_ptr<Model>& model) noexcept;

  const Graph& graph() const { return *graph_; }
  const ParameterLayout& layout() const { return store_.layout(); }
  Status read_parameters(std::span<float> values) noexcept;
  Status write_parameters(std::span<const float> values) noexcept;
  /// Copies parts of the flat vector of all parameters. Parts that are not written keep their
  /// values.
  Status read_parameters(std::span<const ParameterPart<float>> parts) noexcept;
  Status write_parameters(std::span<const ParameterPart<const float>> parts) noexcept;
  /// The same of one part, without the initial values of the others: for an owner who writes all
  /// parts, one after another.
  Status fill_parameters(ParameterPart<const float> part) noexcept;
  /// Bytes in use on the device: parameters, activations, trainers and everything else.
  std::size_t held_bytes() const noexcept { return device_->held_bytes(); }
  /// Whether the device computes in the host's memory.
  bool computes_on_host() const noexcept { return device_->shares_host_memory(); }

  Status predict(const PredictCall& call) noexcept;
  /// Frees what calls of the model keep for later calls: packed weights, activations, scratch
  /// memory. The next call allocates it again and has the same bits. Not what trainers, passes and
  /// sessions hold.
  void trim() noexcept;
  std::size_t parameter_bytes() const { return layout().count() * sizeof(float); }

  // For Inference, on any of the threads that compute at the same time.

  Lanes<InferenceMemory>& lanes() { return lanes_; }
  /// Passes the parameters to the layers again if they changed. A forward pass needs it before, and
  /// so does a backward pass.
  Status refresh();
  /// Inference on the device itself, or on a sibling.
  Status forward_on(Device& device, const AbortFlag* abort, GraphPass& pass);
  /// The same of some layers, as of Graph::forward_layers.
  Status forward_layers_on(Device& device, std::span<const std::size_t> layers,
                           const AbortFlag* abort, GraphPass& pass);

  // For the trainer. These run on the device and may throw std::bad_alloc, which the trainer
  // catches.

  Device& device() { return *device_; }
  ParameterStore& parameters() { return store_; }
  /// Also calls refresh().
  Status load_inputs(std::span<const InputBatch> inputs, GraphPass& pass);
  /// Inference.
  Status forward(const AbortFlag* abort, GraphPass& pass);
  /// Inference with `values` instead of the parameters.
  Status forward_with(DeviceSpan<const float> values, const AbortFlag* abort, GraphPass& pass);
  /// The same with dropout (the masks of pass number `number`). Keeps what backward needs.
  Status forward_training(std::uint64_t number, const AbortFlag* abort, GraphPass& pass);
  /// Inference of some layers, as of Graph::forward_layers.
  Status forward_layers(std::span<const std::size_t> layers, const AbortFlag* abort,
                        GraphPass& pass);
  /// Copies the values of all outputs after a forward pass to the host's memory. An empty list:
  /// none.
  Status store_outputs(const GraphPass& pass, std::span<const std::span<float>> outputs);
  /// Computes all parameters' gradients from those of the outputs.
  Status backward(const AbortFlag* abort, GraphPass& pass, DeviceSpan<float> gradients);

 private:
  Model(std::unique_ptr<Device> device, std::unique_ptr<Graph> graph)
      : device_(std::move(device)),
        graph_(std::move(graph)),
        store_(graph_->layout()),
        lanes_(*device_) {}

  // The device must outlive all memory on it.
  std::unique_ptr<Device> device_;
  std::unique_ptr<Graph> graph_;
  ParameterStore store_;
  std::uint64_t seed_ = 0;
  LoadedParameters loaded_;
  Buffer<float> staged_output_;
  Lanes<InferenceMemory> lanes_;
};

}  // namespace gru
