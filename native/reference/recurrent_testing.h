#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "reference/recurrent.h"
#include "testing/random_cases.h"

/// A random stack for the tests of the reference.
namespace gru::testing {

/// A cell and, of a GRU, its variant.
struct RecurrentCell {
  CellKind kind;
  CellVariant variant;
};
inline constexpr RecurrentCell recurrent_cells[] = {
    {CellKind::gru, {ResetGate::after, UpdateGate::retain}},
    {CellKind::gru, {ResetGate::after, UpdateGate::replace}},
    {CellKind::gru, {ResetGate::before, UpdateGate::retain}},
    {CellKind::gru, {ResetGate::before, UpdateGate::replace}},
    {CellKind::lstm, {}}};

/// A random stack with everything that a forward and a backward pass read.
struct Example {
  RecurrentOptions options;
  std::size_t steps = 1;
  std::size_t batch = 1;
  std::vector<std::int32_t> lengths;
  DropoutMask mask;
  std::vector<double> parameters, input, initial_state, initial_cell, d_output, d_state, d_cell;

  std::size_t states() const {
    return options.num_layers * options.num_directions() * batch * options.hidden_size;
  }
  std::size_t cells() const { return (options.spec().states - 1) * states(); }
  std::size_t outputs() const { return steps * batch * options.output_size(); }
  ReferenceInput reference_input() const {
    return {steps, batch, input, initial_state, initial_cell, lengths, mask};
  }
  ReferencePass forward() const {
    ReferencePass pass;
    GRU_CHECK_OK(reference_recurrent_forward(options, parameters, reference_input(), pass));
    return pass;
  }
  ReferenceGradients backward() const {
    ReferenceGradients gradients;
    GRU_CHECK_OK(reference_recurrent_backward(options, parameters, forward(),
                                              {d_output, d_state, d_cell}, gradients));
    return gradients;
  }
  /// The loss whose gradients with respect to output, state and cell are d_output, d_state, d_cell.
  double loss() const {
    const ReferencePass pass = forward();
    return dot(pass.output, d_output) + dot(pass.state, d_state) + dot(pass.cell, d_cell);
  }
};

/// Fills an example whose options, steps and batch are set.
inline void fill(Example& example, Random& random) {
  example.parameters = random.values(reference_recurrent_parameter_count(example.options), 0.7);
  example.input = random.values(example.steps * example.batch * example.options.input_size);
  example.initial_state = random.values(example.states(), 0.7);
  example.initial_cell = random.values(example.cells(), 0.7);
  example.d_output = random.values(example.outputs());
  example.d_state = random.values(example.states());
  example.d_cell = random.values(example.cells());
}

inline Example random_example(RecurrentOptions options, Random& random) {
  Example example;
  example.options = options;
  example.options.input_size = random.odd_size();
  example.options.hidden_size = random.odd_size();
  example.steps = random.size(1, 4);
  example.batch = random.size(1, 4);
  fill(example, random);
  return example;
}

}  // namespace gru::testing
