#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "layers/initialization.h"
#include "model/recurrent_module.h"
#include "reference/recurrent_testing.h"
#include "testing/device_testing.h"
#include "testing/test_device.h"

/// Random layers on the device and their results, in the shapes of the reference.
namespace gru::testing {

/// [rows, columns, width] to [columns, rows, width].
template <class T>
std::vector<T> swap_axes(std::span<const T> from, std::size_t rows, std::size_t columns) {
  std::vector<T> to;
  to.reserve(from.size());
  const std::size_t width = rows * columns == 0 ? 0 : from.size() / (rows * columns);
  for (std::size_t j = 0; j < columns; ++j) {
    for (std::size_t i = 0; i < rows; ++i) {
      const auto element = from.subspan((i * columns + j) * width, width);
      to.insert(to.end(), element.begin(), element.end());
    }
  }
  return to;
}

/// The layout of a bare stack's parameters.
inline ParameterLayout layout_of(const RecurrentOptions& options) {
  ParameterLayout layout;
  RecurrentStack stack;
  GRU_CHECK_OK(stack.declare(options, {}, layout));
  return layout;
}

/// Rounds to numbers that a float represents exactly, so that engine and reference start from the
/// same.
inline void round_to_floats(std::vector<double>& values) {
  for (double& value : values) value = static_cast<double>(static_cast<float>(value));
}

/// The weights' scale keeps every gate's input of order 1, however many terms its sum has, as in
/// trained layers and with PyTorch's initial values. Saturated gates would hide errors. A layer far
/// above this scale is chaotic: no float arithmetic follows the exact one for many steps.
inline double parameter_scale(const RecurrentOptions& options) {
  std::size_t depth = options.hidden_size;
  for (std::size_t layer = 0; layer < options.num_layers; ++layer) {
    depth = std::max(depth, options.layer_input_size(layer));
  }
  return 0.8 / std::sqrt(static_cast<double>(depth));
}

inline void fill_for_engine(Example& example, Random& random) {
  fill(example, random);
  example.parameters = random.values(reference_recurrent_parameter_count(example.options),
                                     parameter_scale(example.options));
  for (auto* values :
       {&example.parameters, &example.input, &example.initial_state, &example.initial_cell,
        &example.d_output, &example.d_state, &example.d_cell}) {
    round_to_floats(*values);
  }
}

/// The results of one layer: [steps, batch, ...] whatever its options are.
struct EngineResults {
  std::vector<float> output, state, cell;                                   // of inference
  std::vector<float> training_output, training_state, training_cell;        // of the training pass
  std::vector<float> d_input, d_initial_state, d_initial_cell, parameters;  // of backward

  bool same_bits_as(const EngineResults& other) const {
    return same_bits(output, other.output) && same_bits(state, other.state) &&
           same_bits(cell, other.cell) && same_bits(training_cell, other.training_cell) &&
           same_bits(d_initial_cell, other.d_initial_cell) &&
           same_bits(training_output, other.training_output) &&
           same_bits(training_state, other.training_state) && same_bits(d_input, other.d_input) &&
           same_bits(d_initial_state, other.d_initial_state) &&
           same_bits(parameters, other.parameters);
  }
};

/// An example on the engine. Padding holds NaN, which must not change any result. Results are NaN
/// before the call, and none of these may remain.
class EngineExample {
 public:
  EngineExample(const Example& of, std::uint64_t seed,
                std::unique_ptr<Device> device = test_device())
      : example_(of) {
    const RecurrentOptions& options = example_.options;
    GRU_CHECK_OK(RecurrentModule::create(options, std::move(device), seed, layer_));
    parameters_ = to_floats(example_.parameters);
    input_ = padded_floats(example_.input);
    d_output_ = padded_floats(example_.d_output);
    initial_state_ = to_floats(example_.initial_state);
    initial_cell_ = to_floats(example_.initial_cell);
    d_state_ = to_floats(example_.d_state);
    d_cell_ = to_floats(example_.d_cell);
    GRU_CHECK_OK(layer_->write_parameters(parameters_));
  }

  RecurrentModule& layer() { return *layer_; }
  std::vector<float>& parameters() { return parameters_; }
  std::vector<float>& input() { return input_; }
  const Example& example() const { return example_; }

  RecurrentCall forward_call(std::vector<float>& output, std::vector<float>& state,
                             std::vector<float>& cell) {
    output.assign(example_.outputs(), nan_float);
    state.assign(example_.states(), nan_float);
    cell.assign(example_.cells(), nan_float);
    RecurrentCall call;
    call.shape = {example_.steps, example_.batch, example_.lengths};
    call.input = input_;
    call.initial_state = initial_state_;
    call.initial_cell = initial_cell_;
    call.output = output;
    call.state = state;
    call.cell = cell;
    return call;
  }

  RecurrentCall training_call(EngineResults& results) {
    return forward_call(results.training_output, results.training_state, results.training_cell);
  }

  RecurrentGradientCall backward_call(EngineResults& results) {
    results.d_input.assign(input_.size(), nan_float);
    results.d_initial_state.assign(example_.states(), nan_float);
    results.d_initial_cell.assign(example_.cells(), nan_float);
    results.parameters.assign(parameters_.size(), nan_float);
    RecurrentGradientCall call;
    call.d_output = d_output_;
    call.d_state = d_state_;
    call.d_cell = d_cell_;
    call.d_input = results.d_input;
    call.d_initial_state = results.d_initial_state;
    call.d_initial_cell = results.d_initial_cell;
    call.parameters = results.parameters;
    return call;
  }

  EngineResults run() {
    EngineResults results;
    GRU_CHECK_OK(layer_->forward(forward_call(results.output, results.state, results.cell)));
    std::unique_ptr<RecurrentPass> pass;
    const RecurrentCall call = training_call(results);
    GRU_CHECK_OK(layer_->forward_training(call, pass));
    if (pass) GRU_CHECK_OK(layer_->backward(*pass, backward_call(results)));
    for (auto* values : {&results.output, &results.training_output, &results.d_input}) {
      *values = time_major(*values);
    }
    return results;
  }

 private:
  bool batch_first() const { return example_.options.batch_first; }

  std::vector<float> time_major(const std::vector<float>& values) const {
    return batch_first() ? swap_axes(std::span(values), example_.batch, example_.steps) : values;
  }

  /// The caller's array of a [steps, batch, ...] tensor, with NaN past each length.
  std::vector<float> padded_floats(const std::vector<double>& values) const {
    std::vector<float> floats = to_floats(values);
    const std::size_t rows = example_.steps * example_.batch;
    for (std::size_t i = 0; i < floats.size() && !example_.lengths.empty(); ++i) {
      const std::size_t row = i / (floats.size() / rows);
      const auto length = static_cast<std::size_t>(example_.lengths[row % example_.batch]);
      if (row / example_.batch >= length) floats[i] = nan_float;
    }
    return batch_first() ? swap_axes(std::span<const float>(floats), example_.steps, example_.batch)
                         : floats;
  }

  Example example_;
  std::unique_ptr<RecurrentModule> layer_;
  std::vector<float> parameters_, input_, d_output_, initial_state_, initial_cell_, d_state_,
      d_cell_;
};

}  // namespace gru::testing
