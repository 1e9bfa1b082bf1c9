#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "layers/gru_stack.h"
#include "layers/parameter_store.h"

namespace gru {

/// A forward call on the host's memory. Every span has the size of its shape: the caller has
/// checked that. Shapes are for time-major batches; with batch_first the
/// first two axes of input and output change places.
struct GruCall {
  BatchShape shape;
  std::span<const float> input;          ///< [steps, batch, I]
  std::span<const float> initial_state;  ///< [L*D, batch, H]; empty: zero
  std::span<float> output;               ///< [steps, batch, D*H]; zeros past each length
  std::span<float> state;                ///< [L*D, batch, H], after each last valid step
  const AbortFlag* abort = nullptr;
};

/// Gradients on the host's memory, in the shapes of what they belong to, which the caller has
/// checked.
struct GruGradientCall {
  std::span<const float> d_output;   ///< empty: zero
  std::span<const float> d_state;    ///< empty: zero
  std::span<float> d_input;          ///< [steps, batch, I]
  std::span<float> d_initial_state;  ///< [L*D, batch, H]
  std::span<float> parameters;       ///< flat, as ParameterLayout says
  const AbortFlag* abort = nullptr;
};

/// What a training pass keeps until its backward.
struct GruPass {
  DeviceRows rows;
  Buffer<float> input;          ///< packed
  Buffer<float> initial_state;  ///< sorted; unused where the pass began at zero
  bool has_initial_state = false;
  GruActivations activations;
  std::uint64_t version = 0;  ///< of the parameters it was computed with
  std::uint64_t number = 0;   ///< of the pass in its layer's life: chooses its dropout masks
  bool used = false;
};

/// The layer `GRU`: a stack with its parameters, on one device, called with the host's memory.
/// Not for two threads at once. No call throws.
class GruLayer {
 public:
  static Status create(const GruOptions& options, std::unique_ptr<Device> device,
                       std::uint64_t seed, std::unique_ptr<GruLayer>& layer) noexcept;

  const ParameterLayout& layout() const { return store_.layout(); }
  const GruOptions& options() const { return options_; }
  Status read_parameters(std::span<float> values) noexcept;
  Status write_parameters(std::span<const float> values) noexcept;
  /// Bytes in use on the device, by whatever lies there: parameters, activations, passes.
  std::size_t held_bytes() const noexcept { return device_->held_bytes(); }

  Status forward(const GruCall& call) noexcept;
  /// Dropout applies. `pass` goes to backward, once, before the parameters change.
  Status forward_training(const GruCall& call, std::unique_ptr<GruPass>& pass) noexcept;
  /// Uses up `pass`, even where it fails half way.
  Status backward(GruPass& pass, const GruGradientCall& call) noexcept;

 private:
  GruLayer(const GruOptions& options, std::unique_ptr<Device> device, ParameterLayout layout)
      : options_(options),
        device_(std::move(device)),
        store_(std::move(layout)),
        stack_(*device_, options_, store_.layout()) {}

  Status refresh();
  Status load_initial_state(const GruCall& call, const DeviceRows& rows, Buffer<float>& sorted);
  Status store_state(const DeviceRows& rows, const GruActivations& activations,
                     std::span<float> state);
  GruPassInput pass_input(GruPass& pass, const AbortFlag* abort) const;
  Status keep_input(const GruCall& call, GruPass& pass);
  Status run_forward(const GruCall& call);
  Status run_forward_training(const GruCall& call, std::unique_ptr<GruPass>& pass);
  Status run_backward(GruPass& pass, const GruGradientCall& call);

  CheckedSize state_count(std::size_t batch) const {
    return CheckedSize(options_.num_layers * options_.num_directions()) * batch *
           options_.hidden_size;
  }

  GruOptions options_;
  std::unique_ptr<Device> device_;
  ParameterStore store_;
  GruStack stack_;
  std::uint64_t seed_ = 0;
  std::uint64_t loaded_version_ = 0;
  std::uint64_t passes_ = 0;

  // Scratch of one call, reused by the next.
  GruPass spare_;  ///< the memory of a pass that is over
  DeviceRows rows_;
  GruActivations activations_;
  Buffer<float> staged_input_;
  Buffer<float> packed_input_;
  Buffer<float> staged_state_;
  Buffer<float> sorted_state_;
  Buffer<float> packed_output_;
  Buffer<float> staged_output_;
  Buffer<float> staged_final_state_;
  Buffer<float> packed_gradient_;
  Buffer<float> sorted_gradient_;
  Buffer<float> packed_d_input_;
  Buffer<float> sorted_d_state_;
  Buffer<float> staged_parameters_;
};

}  // namespace gru
