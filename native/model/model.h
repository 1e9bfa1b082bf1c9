#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "layers/gru_stack.h"
#include "layers/linear.h"
#include "layers/parameter_store.h"

namespace gru {

/// A model's input on the host's memory: one of `features` and `tokens`, as its options say. Here
/// and in ModelTarget every span has the size of its shape: the caller has checked that.
struct ModelInput {
  BatchShape shape;
  std::span<const float> features;       ///< [steps, batch, I]
  std::span<const std::int32_t> tokens;  ///< [steps, batch], each 0 <= token < options.tokens
  const AbortFlag* abort = nullptr;
};

/// What a training batch should have predicted: one of the two, as the loss says.
struct ModelTarget {
  std::span<const std::int32_t> classes;  ///< [steps, batch], or [batch] with Every::last
  std::span<const float> values;          ///< [steps, batch, O], or [batch, O] with Every::last
};

/// Everything that one pass through a model holds, on the device; reused from step to step.
struct ModelPass {
  DeviceRows rows;
  DeviceSpan<const std::int32_t> tokens;  ///< packed, with InputKind::tokens
  GruPassInput gru;
  GruActivations activations;
  DeviceMatrix<const float> head_input;  ///< [predicted rows, D*H]
  DeviceMatrix<float> predictions;       ///< [predicted rows, O]

  Buffer<float> staged_features;
  Buffer<std::int32_t> staged_tokens;
  Buffer<std::int32_t> packed_tokens;
  Buffer<float> gru_input;
  Buffer<float> gru_output;
  Buffer<float> last_states;
  Buffer<float> prediction_buffer;
};

/// Embedding or dense input -> GRU stack -> linear head, on one device.
///
/// Predicted rows are the packed rows with Every::step, and the sequences that have a valid step,
/// in sorted order, with Every::last. Not for two threads at once. No public call throws.
class Model {
 public:
  static Status create(const ModelOptions& options, std::unique_ptr<Device> device,
                       std::uint64_t seed, std::unique_ptr<Model>& model) noexcept;

  const ModelOptions& options() const { return options_; }
  const ParameterLayout& layout() const { return store_.layout(); }
  Status read_parameters(std::span<float> values) noexcept;
  Status write_parameters(std::span<const float> values) noexcept;
  /// Bytes in use on the device, by whatever lies there: parameters, activations, trainers.
  std::size_t held_bytes() const noexcept { return device_->held_bytes(); }

  /// Logits or values: [steps, batch, O], or [batch, O] with Every::last; zeros where there is no
  /// valid step.
  Status predict(const ModelInput& input, std::span<float> predictions) noexcept;

  // For the trainer: these run on the device and may throw std::bad_alloc, which it guards.

  Device& device() { return *device_; }
  ParameterStore& parameters() { return store_; }
  /// Checks the tokens and packs the input: what every pass begins with.
  Status load_input(const ModelInput& input, ModelPass& pass);
  /// Inference up to the predictions.
  Status forward(ModelPass& pass);
  /// The same with dropout (masks of `pass_number`), keeping what backward needs.
  Status forward_training(std::uint64_t pass_number, ModelPass& pass);
  /// All parameters' gradients, from the predictions' ([predicted rows, O]).
  Status backward(ModelPass& pass, DeviceMatrix<const float> d_predictions,
                  DeviceSpan<float> gradients);
  /// Predicted rows of a batch.
  std::size_t predicted_rows(const RowMap& map) const {
    return options_.every == Every::step ? map.rows() : map.running();
  }

 private:
  Model(const ModelOptions& options, std::unique_ptr<Device> device, ParameterLayout layout)
      : options_(options),
        device_(std::move(device)),
        store_(std::move(layout)),
        stack_(*device_, options_.gru, store_.layout()),
        head_{store_.layout().head_weight(), store_.layout().head_bias(),
              options_.gru.output_size(), options_.output_size} {}

  Status refresh();
  Status embed(ModelPass& pass);
  Status predict_rows(ModelPass& pass, DeviceMatrix<const float> output);
  Status last_states(ModelPass& pass);
  Status backward_last(ModelPass& pass, DeviceMatrix<const float> d_head_input,
                       GruPassGradients& gradients);
  Status run_predict(const ModelInput& input, std::span<float> predictions);

  ModelOptions options_;
  std::unique_ptr<Device> device_;
  ParameterStore store_;
  GruStack stack_;
  Linear head_;
  std::uint64_t seed_ = 0;
  std::uint64_t loaded_version_ = 0;

  ModelPass inference_;
  Buffer<float> staged_predictions_;
  Buffer<float> d_head_input_;
  Buffer<float> d_state_;
  Buffer<float> d_gru_input_;
};

}  // namespace gru
