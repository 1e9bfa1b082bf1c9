#include <algorithm>
#include <iterator>
#include <vector>

#include "testing/reference_checks.h"
#include "testing/strided_device.h"

/// The layer on the device against the reference in double: random options and sizes.
namespace gru {
namespace {

using testing::check_example;
using testing::coin;
using testing::EngineExample;
using testing::EngineResults;
using testing::Example;
using testing::Random;
using testing::recurrent_cells;
using testing::RecurrentCell;
using testing::to_doubles;

std::size_t some_size(Random& random) {
  return coin(random) ? random.odd_size() : random.size(1, 40);
}

RecurrentOptions random_options(const RecurrentCell& cell, bool bidirectional, Random& random) {
  RecurrentOptions options;
  options.cell = cell.kind;
  options.variant = cell.variant;
  options.bidirectional = bidirectional;
  options.input_size = some_size(random);
  options.hidden_size = some_size(random);
  options.num_layers = random.size(1, 3);
  options.bias = coin(random);
  options.batch_first = coin(random);
  options.dropout = coin(random) ? 0.4F : 0;
  return options;
}

/// Fills an example whose options, steps and batch are set. Optional parts are sometimes absent.
void fill_randomly(Example& example, Random& random) {
  testing::fill_for_engine(example, random);
  if (coin(random)) example.lengths = random.lengths(example.batch, example.steps);
  if (coin(random)) example.initial_state.clear();
  if (coin(random)) example.initial_cell.clear();
  if (random.size(0, 3) == 0) example.d_output.clear();
  if (random.size(0, 3) == 0) example.d_state.clear();
  if (random.size(0, 3) == 0) example.d_cell.clear();
}

const RecurrentCell& random_cell(Random& random) {
  return recurrent_cells[random.size(0, std::size(recurrent_cells) - 1)];
}

template <class Body>
void for_each_kind(const Body& body) {
  for (const RecurrentCell& cell : recurrent_cells) {
    for (const bool bidirectional : {false, true}) body(cell, bidirectional);
  }
}

TEST_CASE("layers of every kind agree with the reference") {
  Random random;
  for_each_kind([&](const RecurrentCell& cell, bool bidirectional) {
    for (int round = 0; round < 8; ++round) {
      Example example;
      example.options = random_options(cell, bidirectional, random);
      example.steps = random.size(1, 9);
      example.batch = random.size(1, 9);
      fill_randomly(example, random);
      check_example(example, random.size(0, 1000));
    }
  });
}

/// Sizes for several threads that divide by sequences (many) and by units (few), for several chunks
/// of steps, for several blocks of the depth and for BLAS.
TEST_CASE("large layers agree with the reference") {
  Random random;
  constexpr struct {
    std::size_t steps, batch, input, hidden;
  } sizes[] = {{6, 70, 24, 33}, {40, 5, 20, 70}, {60, 11, 64, 48}, {2, 3, 1100, 9}};
  testing::set_schedule(2);
  // Each size with an LSTM and with one of the GRUs.
  std::size_t kind = random.size(0, 3);
  for (std::size_t i = 0; i < 2 * std::size(sizes); ++i) {
    const auto& size = sizes[i / 2];
    Example example;
    example.options =
        random_options(recurrent_cells[i % 2 == 0 ? 4 : kind++ % 4], coin(random), random);
    example.options.num_layers = 1;
    example.options.input_size = size.input;
    example.options.hidden_size = size.hidden;
    example.steps = size.steps;
    example.batch = size.batch;
    fill_randomly(example, random);
    check_example(example, 1);
  }
}

TEST_CASE("layers whose rows lie apart agree with the reference") {
  Random random;
  testing::set_schedule(2);
  for_each_kind([&](const RecurrentCell& cell, bool bidirectional) {
    for (int round = 0; round < 2; ++round) {
      Example example;
      example.options = random_options(cell, bidirectional, random);
      example.steps = random.size(1, 9);
      example.batch = random.size(1, 9);
      fill_randomly(example, random);
      check_example(example, 1, testing::strided_device());
    }
  });
  // Large enough for several threads, and for BLAS.
  Example example;
  example.options = random_options(random_cell(random), true, random);
  example.options.num_layers = 1;
  example.options.input_size = 64;
  example.options.hidden_size = 48;
  example.steps = 30;
  example.batch = 9;
  fill_randomly(example, random);
  check_example(example, 1, testing::strided_device());
}

/// More steps than a device launches at once. In the last round, more rows than the number whose
/// gates it keeps in inference.
TEST_CASE("long sequences agree with the reference") {
  Random random;
  constexpr struct {
    std::size_t steps, batch, hidden;
  } sizes[] = {{150, 3, 6}, {131, 5, 9}, {330, 45, 20}};
  for (const auto& size : sizes) {
    Example example;
    example.options = random_options(random_cell(random), true, random);
    example.options.num_layers = 1;
    example.options.input_size = 3;
    example.options.hidden_size = size.hidden;
    example.steps = size.steps;
    example.batch = size.batch;
    fill_randomly(example, random);
    check_example(example, 1);
  }
}

/// Each row has a large value, and another one that subtracts what it adds. Sums in float32 would
/// lose the terms between the two. The weights make the large terms cancel exactly.
TEST_CASE("large inputs that cancel leave the small ones") {
  Random random;
  for_each_kind([&](const RecurrentCell& cell, bool bidirectional) {
    Example example;
    example.options.cell = cell.kind;
    example.options.variant = cell.variant;
    example.options.bidirectional = bidirectional;
    example.options.input_size = 200;
    example.options.hidden_size = 3;
    example.steps = 2;
    example.batch = 3;
    testing::fill_for_engine(example, random);
    const std::size_t inputs = example.options.input_size;
    const std::size_t large = random.size(0, 99);
    const std::size_t other = large + 100;
    for (std::size_t row = 0; row < example.steps * example.batch; ++row) {
      example.input[row * inputs + large] = 65536;
      example.input[row * inputs + other] = 16;
    }
    const ParameterLayout layout = testing::layout_of(example.options);
    for (const ParameterSpec& spec : layout.specs()) {
      if (spec.name.rfind("weight_ih", 0) != 0) continue;
      for (std::size_t row = spec.offset; row < spec.offset + spec.count; row += inputs) {
        example.parameters[row + other] = -4096 * example.parameters[row + large];
      }
    }
    for (const bool strided : {false, true}) {
      EngineExample engine(example, 1,
                           strided ? testing::strided_device() : testing::test_device());
      std::vector<float> output;
      std::vector<float> state;
      std::vector<float> cells;
      GRU_CHECK_OK(engine.layer().forward(engine.forward_call(output, state, cells)));
      GRU_CHECK_ALL_NEAR("output", to_doubles(output), example.forward().output,
                         testing::forward_bound);
    }
  });
}

TEST_CASE("batches without a valid step leave the state and have zero gradients") {
  Random random;
  for_each_kind([&](const RecurrentCell& cell, bool bidirectional) {
    for (int empty = 0; empty < 3; ++empty) {
      Example example;
      example.options = random_options(cell, bidirectional, random);
      example.steps = empty == 0 ? 0 : 3;
      example.batch = empty == 1 ? 0 : 2;
      testing::fill_for_engine(example, random);
      if (empty == 2) example.lengths = {0, 0};
      if (coin(random)) example.initial_state.clear();
      if (coin(random)) example.initial_cell.clear();
      check_example(example, 1);
    }
  });
}

/// Computes the gradients with an initial state of zeros, and with none. d_output begins with
/// `first`.
void check_zero_state(Example example, float first) {
  EngineResults results[2];
  example.d_output[0] = static_cast<double>(first);
  const std::size_t layers = example.options.num_layers * (example.options.bidirectional ? 2 : 1);
  for (const bool given : {false, true}) {
    const std::size_t count = layers * example.batch * example.options.hidden_size;
    example.initial_state.assign(given ? count : 0, 0.0);
    example.initial_cell.assign(given ? example.cells() : 0, 0.0);
    results[given ? 1 : 0] = EngineExample(example, 1).run();
  }
  const auto is_nan = [](float value) { return std::isnan(value); };
  const std::vector<float>& none = results[0].parameters;
  for (std::size_t i = 0; i < none.size(); ++i) {
    const float given = results[1].parameters[i];
    CHECK((none[i] == given || (is_nan(none[i]) && is_nan(given))));
  }
  CHECK(is_nan(first) == std::any_of(none.begin(), none.end(), is_nan));
}

TEST_CASE("a state of zeros is the same given or not, even to gradients that are NaN") {
  Random random;
  for (const RecurrentCell& cell : recurrent_cells) {
    for (const bool bidirectional : {false, true}) {
      for (const bool ragged : {false, true}) {
        Example example;
        example.options = random_options(cell, bidirectional, random);
        example.steps = 4;
        example.batch = 3;
        testing::fill_for_engine(example, random);
        if (ragged) example.lengths = {2, 3, 1};
        for (const float first : {1.0F, testing::nan_float}) check_zero_state(example, first);
      }
    }
  }
}

/// Also after an aborted pass, which does not count.
TEST_CASE("every training pass has masks of its own") {
  Random random;
  Example example;
  example.options = random_options(random_cell(random), false, random);
  example.options.num_layers = 3;
  example.options.dropout = 0.5F;
  example.steps = 4;
  example.batch = 3;
  testing::fill_for_engine(example, random);
  EngineExample engine(example, 7);
  for (std::uint64_t number = 0; number < 3; ++number) {
    std::vector<float> output;
    std::vector<float> state;
    std::vector<float> cells;
    RecurrentCall call = engine.forward_call(output, state, cells);
    const AbortFlag abort{true};
    call.abort = &abort;
    std::unique_ptr<RecurrentPass> pass;
    CHECK(engine.layer().forward_training(call, pass).code() == StatusCode::aborted);
    example.mask = {7, dropout_stream + 3 * number, 0.5F};
    const EngineResults got = engine.run();
    GRU_CHECK_ALL_NEAR("training output", to_doubles(got.training_output), example.forward().output,
                       2 * testing::forward_bound);
  }
}

}  // namespace
}  // namespace gru
