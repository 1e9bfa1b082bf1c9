#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "reference/recurrent.h"
#include "reference/recurrent_testing.h"

namespace gru {
namespace {

using testing::Example;
using testing::Random;
using testing::random_example;

std::string describe(const Example& example) {
  const RecurrentOptions& options = example.options;
  std::ostringstream text;
  text << (options.cell == CellKind::lstm ? "lstm " : "gru ")
       << (options.variant.reset == ResetGate::after ? "after" : "before")
       << (options.variant.update == UpdateGate::retain ? " retain" : " replace")
       << " I=" << options.input_size << " H=" << options.hidden_size << " L=" << options.num_layers
       << " D=" << options.num_directions() << " bias=" << options.bias << " T=" << example.steps
       << " B=" << example.batch << " dropout=" << example.mask.probability << " lengths:";
  for (const std::int32_t length : example.lengths) text << ' ' << length;
  text << ' ';
  return text.str();
}

void check_gradients(Example& example) {
  const ReferenceGradients gradients = example.backward();
  const auto loss = [&] { return example.loss(); };
  const std::string name = describe(example);
  GRU_CHECK_GRADIENT(name + "input", example.input, gradients.input, loss);
  GRU_CHECK_GRADIENT(name + "initial_state", example.initial_state, gradients.initial_state, loss);
  GRU_CHECK_GRADIENT(name + "initial_cell", example.initial_cell, gradients.initial_cell, loss);
  GRU_CHECK_GRADIENT(name + "parameters", example.parameters, gradients.parameters, loss);
}

/// Every combination of the options that change an equation.
std::vector<RecurrentOptions> all_options() {
  std::vector<RecurrentOptions> all;
  for (const auto& [cell, variant] : testing::recurrent_cells) {
    for (const bool bias : {true, false}) {
      for (const bool bidirectional : {false, true}) {
        for (const std::size_t layers : {1U, 2U, 3U}) {
          RecurrentOptions options;
          options.num_layers = layers;
          options.bias = bias;
          options.bidirectional = bidirectional;
          options.cell = cell;
          options.variant = variant;
          all.push_back(options);
        }
      }
    }
  }
  return all;
}

TEST_CASE("gradients of every option agree with finite differences") {
  Random random;
  for (const RecurrentOptions& options : all_options()) {
    Example full = random_example(options, random);
    check_gradients(full);

    Example ragged = random_example(options, random);
    ragged.lengths = random.lengths(ragged.batch, ragged.steps);
    check_gradients(ragged);

    Example dropped = random_example(options, random);
    dropped.lengths = random.lengths(dropped.batch, dropped.steps);
    dropped.mask = {random.size(0, 1000), random.size(0, 1000), 0.4F};
    check_gradients(dropped);
  }
}

// ---- One step by hand, H = I = 1
// ------------------------------------------------------------------
//
// x = 1, h = 1, a_r = ln 3, a_z = -ln 3: r = 3/4, z = 1/4. U_n = 2, b_hn = 1: q = 3 with the reset
// gate after the product, 2 * 3/4 + 1 = 5/2 before it. W_n makes a_n = ln(3)/2, so n = 1/2.

Example step_by_hand(CellVariant variant) {
  const double ln3 = std::log(3.0);
  const double hidden = variant.reset == ResetGate::after ? 0.75 * 3 : 2.5;
  Example example;
  example.options.input_size = example.options.hidden_size = 1;
  example.options.variant = variant;
  example.input = {1};
  example.initial_state = {1};
  example.d_output = {1};
  // W_r W_z W_n, U_r U_z U_n, b_ir b_iz b_in, b_hr b_hz b_hn
  example.parameters = {ln3 - 1, 1 - ln3, ln3 / 2 - hidden - 0.5, 1, -1, 2, 0.25, 0.5, 0.5, -.25,
                        -.5,     1};
  return example;
}

TEST_CASE("one step has the values computed by hand") {
  const auto output = [](ResetGate reset, UpdateGate update) {
    return step_by_hand({reset, update}).forward().output.at(0);
  };
  for (const ResetGate reset : {ResetGate::after, ResetGate::before}) {
    GRU_CHECK_NEAR(output(reset, UpdateGate::retain), 0.25 * 1 + 0.75 * 0.5, 1e-15);
    GRU_CHECK_NEAR(output(reset, UpdateGate::replace), 0.75 * 1 + 0.25 * 0.5, 1e-15);
  }
}

TEST_CASE("one step has the gradients computed by hand") {
  // dz = h - n = 1/2, dn = 1 - z = 3/4, da_z = dz z (1 - z) = 3/32, da_n = dn (1 - n^2) = 9/16
  const double da_z = 3.0 / 32;
  const double da_n = 9.0 / 16;
  {
    const auto gradients = step_by_hand({ResetGate::after, UpdateGate::retain}).backward();
    const double dq = da_n * 0.75;
    const double da_r = da_n * 3 * 0.75 * 0.25;
    const std::vector<double> expected = {da_r, da_z, da_n, da_r, da_z, dq,
                                          da_r, da_z, da_n, da_r, da_z, dq};
    GRU_CHECK_ALL_NEAR("after: parameters", gradients.parameters, expected, 1e-15);
    GRU_CHECK_NEAR(gradients.initial_state.at(0), 0.25 + 2 * dq + da_r - da_z, 1e-15);
  }
  {
    const auto gradients = step_by_hand({ResetGate::before, UpdateGate::retain}).backward();
    const double d_operand = 2 * da_n;
    const double da_r = d_operand * 1 * 0.75 * 0.25;
    const std::vector<double> expected = {da_r, da_z, da_n, da_r, da_z, da_n * 0.75,
                                          da_r, da_z, da_n, da_r, da_z, da_n};
    GRU_CHECK_ALL_NEAR("before: parameters", gradients.parameters, expected, 1e-15);
    GRU_CHECK_NEAR(gradients.initial_state.at(0), 0.25 + 0.75 * d_operand + da_r - da_z, 1e-15);
  }
}

// ---- One LSTM step by hand, H = I = 1
// ------------------------------------------------------------
//
// x = h = c = 1. a_i = ln 3, a_f = -ln 3, a_o = 0: i = 3/4, f = 1/4, o = 1/2. a_g = ln(3)/2: g =
// 1/2. c' = 1/4 + 3/8 = 5/8, h' = tanh(5/8) / 2.

Example lstm_step_by_hand() {
  const double ln3 = std::log(3.0);
  Example example;
  example.options.input_size = example.options.hidden_size = 1;
  example.options.cell = CellKind::lstm;
  example.input = {1};
  example.initial_state = {1};
  example.initial_cell = {1};
  example.d_output = {1};
  example.d_cell = {2};
  // W_i W_f W_g W_o, U_i U_f U_g U_o, the biases b_i and b_h
  example.parameters = {ln3 - 1, 1 - ln3, ln3 / 2 - 2, -2, 1,    -1,  2,   3,
                        0.25,    0.5,     0.5,         -2, -.25, -.5, -.5, 1};
  return example;
}

TEST_CASE("one LSTM step has the values and gradients computed by hand") {
  const Example example = lstm_step_by_hand();
  const double t = std::tanh(0.625);
  GRU_CHECK_NEAR(example.forward().output.at(0), t / 2, 1e-15);
  GRU_CHECK_NEAR(example.forward().cell.at(0), 0.625, 1e-15);
  const double dc = 2 + (1 - t * t) / 2;
  const double da_i = dc * 0.5 * 0.75 * 0.25;
  const double da_f = dc * 1 * 0.25 * 0.75;
  const double da_g = dc * 0.75 * 0.75;
  const double da_o = t * 0.5 * 0.5;
  const std::vector<double> expected = {da_i, da_f, da_g, da_o, da_i, da_f, da_g, da_o,
                                        da_i, da_f, da_g, da_o, da_i, da_f, da_g, da_o};
  const ReferenceGradients gradients = example.backward();
  GRU_CHECK_ALL_NEAR("parameters", gradients.parameters, expected, 1e-15);
  GRU_CHECK_NEAR(gradients.initial_state.at(0), da_i - da_f + 2 * da_g + 3 * da_o, 1e-15);
  GRU_CHECK_NEAR(gradients.initial_cell.at(0), dc / 4, 1e-15);
}

}  // namespace
}  // namespace gru
