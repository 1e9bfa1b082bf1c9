#include "reference/recurrent.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "reference/recurrent_testing.h"

namespace gru {
namespace {

using testing::Example;
using testing::fill;
using testing::Random;
using testing::random_example;

// ---- What the options mean, each told by runs without it
// ------------------------------------------

/// The parameters of one direction of one layer, as a stack of their own.
std::vector<double> direction_parameters(const RecurrentOptions& options,
                                         const std::vector<double>& parameters, std::size_t layer,
                                         std::size_t direction) {
  RecurrentOptions below = options;
  below.num_layers = layer;
  RecurrentOptions alone = options;
  alone.input_size = options.layer_input_size(layer);
  alone.num_layers = 1;
  alone.bidirectional = false;
  const std::size_t count = reference_recurrent_parameter_count(alone);
  const std::size_t offset =
      (layer == 0 ? 0 : reference_recurrent_parameter_count(below)) + direction * count;
  const auto begin = parameters.begin() + static_cast<std::ptrdiff_t>(offset);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

/// Elements [offset, offset + count) of a vector that may be empty.
std::vector<double> part_of(const std::vector<double>& whole, std::size_t offset,
                            std::size_t count) {
  if (whole.empty()) return {};
  const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(offset);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

/// Sequence b of a single-layer example, cut to `length`, read by one direction from its start.
Example sequence_alone(const Example& whole, std::size_t b, std::size_t length,
                       std::size_t direction) {
  const std::size_t I = whole.options.input_size;
  const std::size_t H = whole.options.hidden_size;
  Example alone;
  alone.options = whole.options;
  alone.options.bidirectional = false;
  alone.steps = length;
  alone.parameters = direction_parameters(whole.options, whole.parameters, 0, direction);
  for (std::size_t s = 0; s < length; ++s) {
    const std::size_t t = direction == 0 ? s : length - 1 - s;
    const double* x = whole.input.data() + (t * whole.batch + b) * I;
    alone.input.insert(alone.input.end(), x, x + I);
  }
  const std::size_t offset = (direction * whole.batch + b) * H;
  alone.initial_state = part_of(whole.initial_state, offset, H);
  alone.initial_cell = part_of(whole.initial_cell, offset, H);
  return alone;
}

TEST_CASE("a ragged bidirectional batch is its sequences one by one") {
  Random random;
  for (int round = 0; round < 20; ++round) {
    RecurrentOptions options;
    options.cell = round % 2 == 0 ? CellKind::gru : CellKind::lstm;
    options.bidirectional = true;
    Example whole = random_example(options, random);
    whole.lengths = random.lengths(whole.batch, whole.steps);
    const ReferencePass pass = whole.forward();

    const std::size_t H = whole.options.hidden_size;
    std::vector<double> output(whole.outputs(), 0.0);  // zero past the lengths
    std::vector<double> state(whole.states());
    std::vector<double> cell(whole.cells());
    for (std::size_t d = 0; d < 2; ++d) {
      for (std::size_t b = 0; b < whole.batch; ++b) {
        const std::size_t length = static_cast<std::size_t>(whole.lengths[b]);
        const ReferencePass alone = sequence_alone(whole, b, length, d).forward();
        for (std::size_t j = 0; j < H; ++j) {
          state[(d * whole.batch + b) * H + j] = alone.state[j];
          if (!cell.empty()) cell[(d * whole.batch + b) * H + j] = alone.cell[j];
          for (std::size_t s = 0; s < length; ++s) {
            const std::size_t t = d == 0 ? s : length - 1 - s;
            output[(t * whole.batch + b) * 2 * H + d * H + j] = alone.output[s * H + j];
          }
        }
      }
    }
    GRU_CHECK_ALL_NEAR("output", pass.output, output, 0);
    GRU_CHECK_ALL_NEAR("state", pass.state, state, 0);
    GRU_CHECK_ALL_NEAR("cell", pass.cell, cell, 0);
  }
}

TEST_CASE("a stack is its layers one after the other with the masks between") {
  Random random;
  for (const CellKind cell : {CellKind::gru, CellKind::lstm}) {
    RecurrentOptions options;
    options.cell = cell;
    options.num_layers = 3;
    Example stack = random_example(options, random);
    stack.steps = 4;
    stack.batch = 3;
    fill(stack, random);
    stack.mask = {11, 40, 0.5F};
    const ReferencePass pass = stack.forward();

    const std::size_t H = stack.options.hidden_size;
    std::vector<double> x = stack.input;
    for (std::size_t l = 0; l < 3; ++l) {
      Example layer;
      layer.options = stack.options;
      layer.options.num_layers = 1;
      layer.options.input_size = stack.options.layer_input_size(l);
      layer.steps = stack.steps;
      layer.batch = stack.batch;
      layer.parameters = direction_parameters(stack.options, stack.parameters, l, 0);
      layer.input = x;
      const std::size_t states = stack.batch * H;
      layer.initial_state = part_of(stack.initial_state, l * states, states);
      layer.initial_cell = part_of(stack.initial_cell, l * states, states);
      x = layer.forward().output;
      if (l == 2) break;
      const DropoutMask mask{11, 40 + l, 0.5F};
      for (std::size_t i = 0; i < x.size(); ++i) x[i] *= static_cast<double>(mask.scale(i));
    }
    GRU_CHECK_ALL_NEAR("output", pass.output, x, 0);
  }
}

TEST_CASE("the update gates are one function with the weights of z negated") {
  Random random;
  for (const ResetGate reset : {ResetGate::after, ResetGate::before}) {
    RecurrentOptions options;
    options.variant = {reset, UpdateGate::retain};
    Example example = random_example(options, random);
    const ReferencePass retain = example.forward();

    const std::size_t H = example.options.hidden_size;
    const std::size_t I = example.options.input_size;
    std::size_t offset = 0;
    for (const std::size_t width : {I, H, std::size_t{1}, std::size_t{1}}) {  // W, U, two biases
      for (std::size_t i = gate_z * H * width; i < gate_n * H * width; ++i) {
        example.parameters[offset + i] = -example.parameters[offset + i];
      }
      offset += gate_count * H * width;
    }
    example.options.variant.update = UpdateGate::replace;
    GRU_CHECK_ALL_NEAR("output", example.forward().output, retain.output, 1e-14);
  }
}

TEST_CASE("absent states and gradients are zeros") {
  Random random;
  for (const CellKind cell : {CellKind::gru, CellKind::lstm}) {
    RecurrentOptions options;
    options.cell = cell;
    options.num_layers = 2;
    Example given = random_example(options, random);
    given.initial_state.assign(given.states(), 0.0);
    given.initial_cell.assign(given.cells(), 0.0);
    given.d_state.assign(given.states(), 0.0);
    given.d_cell.assign(given.cells(), 0.0);
    Example absent = given;
    absent.initial_state.clear();
    absent.initial_cell.clear();
    absent.d_state.clear();
    absent.d_cell.clear();
    GRU_CHECK_ALL_NEAR("output", absent.forward().output, given.forward().output, 0);
    GRU_CHECK_ALL_NEAR("parameters", absent.backward().parameters, given.backward().parameters, 0);

    given.d_output.assign(given.outputs(), 0.0);
    given.d_state = absent.d_state = random.values(given.states());
    absent.d_output.clear();
    GRU_CHECK_ALL_NEAR("parameters", absent.backward().parameters, given.backward().parameters, 0);
  }
}

TEST_CASE("a NaN passes through") {
  Random random;
  for (const CellKind cell : {CellKind::gru, CellKind::lstm}) {
    RecurrentOptions options;
    options.cell = cell;
    Example example = random_example(options, random);
    example.input[0] = std::nan("");
    CHECK(std::isnan(example.forward().output[0]));
  }
}

TEST_CASE("wrong sizes are refused by name") {
  Random random;
  Example right;
  right.options.input_size = 3;
  right.options.hidden_size = 2;
  right.steps = 4;
  right.batch = 2;
  fill(right, random);
  const auto refuse = [&](StatusCode code, const std::string& part, auto&& spoil) {
    Example wrong = right;
    spoil(wrong);
    ReferencePass pass;
    GRU_CHECK_REFUSED(
        reference_recurrent_forward(wrong.options, wrong.parameters, wrong.reference_input(), pass),
        code, part);
  };
  refuse(StatusCode::shape, "input: expected steps*batch*inputSize = 24 values, got 23 values",
         [](Example& e) { e.input.pop_back(); });
  refuse(StatusCode::shape, "initialState: ", [](Example& e) { e.initial_state.pop_back(); });
  refuse(StatusCode::shape, "initialCell: ", [](Example& e) { e.initial_cell = {1}; });
  refuse(StatusCode::shape, "parameters: ", [](Example& e) { e.parameters.pop_back(); });
  refuse(StatusCode::shape, "lengths: ", [](Example& e) { e.lengths = {1}; });
  refuse(StatusCode::value, "lengths: expected integers from 0 to steps = 4, got 5",
         [](Example& e) {
           e.lengths = {1, 5};
         });
  refuse(StatusCode::value, "lengths: ", [](Example& e) { e.lengths = {1, -1}; });
  refuse(StatusCode::value, "dropout: ", [](Example& e) { e.mask.probability = 1; });
  refuse(StatusCode::value, "hiddenSize: ", [](Example& e) { e.options.hidden_size = 0; });
  refuse(StatusCode::shape, "input: ", [](Example& e) { e.steps = SIZE_MAX / 2; });

  ReferenceGradients gradients;
  const std::vector<double> short_by_one(15);
  GRU_CHECK_REFUSED(reference_recurrent_backward(right.options, right.parameters, right.forward(),
                                                 {.d_output = short_by_one}, gradients),
                    StatusCode::shape, "dOutput: ");
  GRU_CHECK_REFUSED(reference_recurrent_backward(right.options, right.parameters, right.forward(),
                                                 {.d_state = short_by_one}, gradients),
                    StatusCode::shape, "dState: ");
  GRU_CHECK_REFUSED(reference_recurrent_backward(right.options, right.parameters, right.forward(),
                                                 {.d_cell = short_by_one}, gradients),
                    StatusCode::shape, "dCell: ");
  GRU_CHECK_REFUSED(
      reference_recurrent_backward(right.options, right.parameters, ReferencePass(), {}, gradients),
      StatusCode::shape, "pass: ");
}

}  // namespace
}  // namespace gru
