#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "testing/engine_testing.h"

/// An example on the device against the reference in double.
namespace gru::testing {

inline constexpr double forward_bound = 2e-6;
inline constexpr double gradient_bound = 1e-5;

/// The example in the form for the reference, for inference and for training.
struct Expected {
  ReferencePass inference, training;
  ReferenceGradients gradients;

  Expected(Example example, std::uint64_t seed) {
    inference = example.forward();
    example.mask = {seed, dropout_stream, example.options.dropout};
    training = example.forward();
    gradients = example.backward();
  }
};

inline double largest_of(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

/// Gradients are sums over rows, and rounding errors are relative to their terms. In a tensor of a
/// few elements the terms may cancel, so its largest element does not show their size. `floor`
/// does: it is a tenth of the largest of all gradients, including the loss's with respect to output
/// and state.
inline void check_gradient(const std::string& what, std::span<const float> got,
                           std::span<const double> expected, double floor) {
  const double scale = std::max(largest_of(expected), floor);
  GRU_CHECK_ALL_NEAR(what, to_doubles(got), expected, gradient_bound * scale);
}

/// A cell state has no fixed bound. It is a sum over many steps, and its rounding error is relative
/// to its size.
inline void check_cell(const std::string& what, std::span<const float> got,
                       std::span<const double> expected, double bound) {
  GRU_CHECK_ALL_NEAR(what, to_doubles(got), expected, bound * std::max(1.0, largest_of(expected)));
}

inline void check_results(const Example& example, const EngineResults& got,
                          const Expected& expected) {
  GRU_CHECK_ALL_NEAR("output", to_doubles(got.output), expected.inference.output, forward_bound);
  GRU_CHECK_ALL_NEAR("state", to_doubles(got.state), expected.inference.state, forward_bound);
  check_cell("cell", got.cell, expected.inference.cell, forward_bound);
  // A mask multiplies what it keeps by 1 / (1 - p), and so its rounding error as well.
  const double keep = 1 - static_cast<double>(example.options.dropout);
  GRU_CHECK_ALL_NEAR("training output", to_doubles(got.training_output), expected.training.output,
                     forward_bound / keep);
  GRU_CHECK_ALL_NEAR("training state", to_doubles(got.training_state), expected.training.state,
                     forward_bound / keep);
  check_cell("training cell", got.training_cell, expected.training.cell, forward_bound / keep);

  const ReferenceGradients& gradients = expected.gradients;
  const double floor =
      0.1 * std::max({largest_of(gradients.parameters), largest_of(example.d_output),
                      largest_of(example.d_state), largest_of(example.d_cell)});
  check_gradient("d_input", got.d_input, gradients.input, floor);
  check_gradient("d_initial_state", got.d_initial_state, gradients.initial_state, floor);
  check_gradient("d_initial_cell", got.d_initial_cell, gradients.initial_cell, floor);
  const ParameterLayout layout = layout_of(example.options);
  for (const ParameterSpec& spec : layout.specs()) {
    check_gradient(spec.name, std::span(got.parameters).subspan(spec.offset, spec.count),
                   std::span(gradients.parameters).subspan(spec.offset, spec.count), floor);
  }
}

inline std::string description_of(const Example& example) {
  const RecurrentOptions& o = example.options;
  char text[256];
  std::snprintf(text, sizeof text,
                "steps %zu batch %zu input %zu hidden %zu layers %zu bias %d bidirectional %d "
                "batch_first %d dropout %g lstm %d reset %d update %d ragged %d",
                example.steps, example.batch, o.input_size, o.hidden_size, o.num_layers, o.bias,
                o.bidirectional, o.batch_first, static_cast<double>(o.dropout),
                static_cast<int>(o.cell), static_cast<int>(o.variant.reset),
                static_cast<int>(o.variant.update), !example.lengths.empty());
  return text;
}

inline void check_example(const Example& example, std::uint64_t seed,
                          std::unique_ptr<Device> device = test_device()) {
  INFO(description_of(example));
  EngineExample engine(example, seed, std::move(device));
  check_results(example, engine.run(), Expected(example, seed));
}

}  // namespace gru::testing
