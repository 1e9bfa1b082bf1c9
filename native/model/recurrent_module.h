#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "layers/parameter_store.h"
#include "layers/recurrent_stack.h"
#include "model/lanes.h"
#include "model/loaded_parameters.h"

namespace gru {

/// A forward call on the host's memory. The caller has checked that every span has the size of its
/// shape. Shapes are for time-major batches; with batch_first the first two axes of input and
/// output are swapped. Members for the cell state are empty if the cell has none
/// (CellSpec::states).
struct RecurrentCall {
  BatchShape shape;
  std::span<const float> input;          ///< [steps, batch, I]
  std::span<const float> initial_state;  ///< [L*D, batch, H]; empty: zero
  std::span<const float> initial_cell;   ///< [L*D, batch, H]; empty: zero
  std::span<float> output;               ///< [steps, batch, D*H]; zeros past each length
  std::span<float> state;                ///< [L*D, batch, H], after each last valid step
  std::span<float> cell;                 ///< [L*D, batch, H], after each last valid step
  const AbortFlag* abort = nullptr;
};

/// Gradients in the host's memory. Each has the shape of the tensor that it belongs to, which the
/// caller has checked.
struct RecurrentGradientCall {
  std::span<const float> d_output;   ///< empty: zero
  std::span<const float> d_state;    ///< empty: zero
  std::span<const float> d_cell;     ///< empty: zero
  std::span<float> d_input;          ///< [steps, batch, I]
  std::span<float> d_initial_state;  ///< [L*D, batch, H]
  std::span<float> d_initial_cell;   ///< [L*D, batch, H]
  std::span<float> parameters;       ///< flat, as ParameterLayout says
  const AbortFlag* abort = nullptr;
};

/// What a training pass keeps until its backward.
struct RecurrentPass {
  DeviceRows rows;
  Buffer<float> input;          ///< packed
  Buffer<float> initial_state;  ///< sorted; unused if the pass began at zero
  Buffer<float> initial_cell;   ///< likewise
  bool has_initial_state = false;
  bool has_initial_cell = false;
  Buffer<float> output;  ///< packed, [rows, D*H]
  RecurrentActivations activations;
  std::uint64_t version = 0;  ///< of the parameters it was computed with
  std::uint64_t number = 0;   ///< number of the pass within its layer; selects its dropout masks
  bool used = false;

  std::size_t input_bytes() const { return bytes_of(input, initial_state, initial_cell); }
  std::size_t held_bytes() const {
    return input_bytes() + rows.held_bytes() + activations.held_bytes() + output.bytes();
  }
};

/// A recurrent layer by itself: a stack with its parameters on one device, called with the host's
/// memory. Two threads must not use it at the same time, except for calls of `forward` if the
/// device has siblings (Device::create_sibling). Calls do not throw.
class RecurrentModule {
 public:
  static Status create(const RecurrentOptions& options, std::unique_ptr<Device> device,
                       std::uint64_t seed, std::unique_ptr<RecurrentModule>& layer) noexcept;

  const ParameterLayout& layout() const { return store_.layout(); }
  const RecurrentOptions& options() const { return options_; }
  Status read_parameters(std::span<float> values) noexcept;
  Status write_parameters(std::span<const float> values) noexcept;
  /// Copies parts of the flat vector of all parameters. Parts that are not written keep their
  /// values.
  Status read_parameters(std::span<const ParameterPart<float>> parts) noexcept;
  Status write_parameters(std::span<const ParameterPart<const float>> parts) noexcept;
  /// Bytes in use on the device: parameters, activations, passes and everything else.
  std::size_t held_bytes() const noexcept { return device_->held_bytes(); }
  /// As Model::computes_on_host.
  bool computes_on_host() const noexcept { return device_->shares_host_memory(); }

  Status forward(const RecurrentCall& call) noexcept;
  /// As Model::trim.
  void trim() noexcept;
  std::size_t parameter_bytes() const { return layout().count() * sizeof(float); }
  /// Applies dropout. `pass` is for one call of backward, before the parameters change.
  Status forward_training(const RecurrentCall& call, std::unique_ptr<RecurrentPass>& pass) noexcept;
  /// Overwrites `pass`, even if it fails.
  Status backward(RecurrentPass& pass, const RecurrentGradientCall& call) noexcept;

 private:
  RecurrentModule(const RecurrentOptions& options, std::unique_ptr<Device> device,
                  RecurrentStack stack, ParameterLayout layout)
      : options_(options),
        device_(std::move(device)),
        stack_(std::move(stack)),
        store_(std::move(layout)),
        lanes_(*device_) {}

  /// The buffers of one state between the host and the stack.
  struct StateBuffers {
    Buffer<float> staged;
    Buffer<float> sorted;
    Buffer<float> staged_final;
    Buffer<float> sorted_final_gradient;
    Buffer<float> sorted_initial_gradient;
  };

  /// The working memory of one call, which later calls reuse.
  struct CallMemory {
    DeviceRows rows;
    RecurrentActivations activations;
    Buffer<float> staged_input;
    Buffer<float> packed_input;
    StateBuffers state;
    StateBuffers cell;
    Buffer<float> packed_output;
    Buffer<float> staged_output;
    Buffer<float> packed_gradient;
    Buffer<float> packed_d_input;
    Buffer<float> staged_parameters;
  };
  using Lane = Lanes<CallMemory>::Borrowed;

  bool has_cell() const { return options_.spec().states > 1; }
  /// Gets memory for a call and passes the parameters to the layers if they changed.
  Status open(Lane& lane);
  Status load_state(Device& device, std::span<const float> state, const DeviceRows& rows,
                    Buffer<float>& staged, Buffer<float>& sorted,
                    DeviceSpan<const float>& loaded) const;
  Status store_state(Device& device, const DeviceRows& rows, DeviceSpan<const float> sorted,
                     Buffer<float>& staged, std::span<float> state) const;
  Status store_states(const Lane& lane, const DeviceRows& rows,
                      const RecurrentActivations& activations, const RecurrentCall& call) const;
  RecurrentInput pass_input(RecurrentPass& pass, const AbortFlag* abort) const;
  Status keep_input(const Lane& lane, const RecurrentCall& call, RecurrentPass& pass) const;
  Status run_forward(const RecurrentCall& call);
  Status run_forward_training(const RecurrentCall& call, std::unique_ptr<RecurrentPass>& pass);
  Status run_backward(RecurrentPass& pass, const RecurrentGradientCall& call);

  CheckedSize state_count(std::size_t batch) const {
    return CheckedSize(options_.num_layers * options_.num_directions()) * batch *
           options_.hidden_size;
  }

  RecurrentOptions options_;
  std::unique_ptr<Device> device_;
  RecurrentStack stack_;
  ParameterStore store_;
  std::uint64_t seed_ = 0;
  LoadedParameters loaded_;
  std::uint64_t passes_ = 0;
  RecurrentPass spare_;  ///< a finished pass, whose memory is reused
  Lanes<CallMemory> lanes_;
};

}  // namespace gru
