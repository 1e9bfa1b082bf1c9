#include <algorithm>
#include <vector>

#include "testing/engine_testing.h"

/// What must not change a single bit: the schedule of the work (the number of threads), a second
/// run, and the other sequences of a batch.
namespace gru {
namespace {

using testing::coin;
using testing::EngineExample;
using testing::EngineResults;
using testing::Example;
using testing::Random;
using testing::RecurrentCell;
using testing::same_bits;
using testing::to_floats;

constexpr RecurrentCell cells[] = {{CellKind::gru, {ResetGate::after, UpdateGate::retain}},
                                   {CellKind::gru, {ResetGate::before, UpdateGate::replace}},
                                   {CellKind::lstm, {}}};

struct Size {
  std::size_t steps, batch, input, hidden;
};

Example example_of(const Size& size, const RecurrentCell& cell, Random& random) {
  Example example;
  example.options.cell = cell.kind;
  example.options.variant = cell.variant;
  example.options.input_size = size.input;
  example.options.hidden_size = size.hidden;
  example.options.bidirectional = coin(random);
  example.options.batch_first = coin(random);
  example.steps = size.steps;
  example.batch = size.batch;
  testing::fill_for_engine(example, random);
  if (coin(random)) example.lengths = random.lengths(size.batch, size.steps);
  return example;
}

/// Work for three threads: many sequences, few sequences of many units, weights of all sizes, sums
/// deep enough for several blocks.
TEST_CASE("bits do not depend on the schedule") {
  Random random;
  constexpr Size sizes[] = {{5, 100, 20, 40}, {9, 9, 30, 120}, {4, 1, 40, 200}, {30, 33, 64, 50}};
  for (const Size& size : sizes) {
    for (const RecurrentCell& cell : cells) {
      const Example example = example_of(size, cell, random);
      testing::set_schedule(1);
      const EngineResults alone = EngineExample(example, 1).run();
      for (const unsigned schedule : {2U, 3U}) {
        testing::set_schedule(schedule);
        CHECK(EngineExample(example, 1).run().same_bits_as(alone));
      }
    }
  }
}

TEST_CASE("a second run has the same bits") {
  Random random;
  testing::set_schedule(2);
  for (const RecurrentCell& cell : cells) {
    const Example example = example_of({7, 6, 13, 21}, cell, random);
    EngineExample engine(example, 1);
    const EngineResults first = engine.run();
    CHECK(engine.run().same_bits_as(first));
  }
}

/// Sequence b of the example alone, cut to its length.
Example alone(const Example& from, std::size_t b) {
  Example example = from;
  const std::size_t length =
      from.lengths.empty() ? from.steps : static_cast<std::size_t>(from.lengths[b]);
  const std::size_t input = from.options.input_size;
  const std::size_t hidden = from.options.hidden_size;
  example.batch = 1;
  example.steps = length;
  example.lengths.clear();
  example.d_output.clear();
  example.d_state.clear();
  example.input.clear();
  for (std::size_t t = 0; t < length; ++t) {
    const double* row = from.input.data() + (t * from.batch + b) * input;
    example.input.insert(example.input.end(), row, row + input);
  }
  example.d_cell.clear();
  const auto own_rows = [&](const std::vector<double>& states) {
    std::vector<double> rows;
    for (std::size_t i = b; i < states.size() / hidden; i += from.batch) {
      const double* state = states.data() + i * hidden;
      rows.insert(rows.end(), state, state + hidden);
    }
    return rows;
  };
  example.initial_state = own_rows(from.initial_state);
  example.initial_cell = own_rows(from.initial_cell);
  return example;
}

/// Rows `b`, `b + batch`, ... of a [..., batch, width] array; the first `count` of them.
std::vector<float> rows_of(const std::vector<float>& values, std::size_t b, std::size_t batch,
                           std::size_t width, std::size_t count) {
  std::vector<float> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const float* row = values.data() + (i * batch + b) * width;
    rows.insert(rows.end(), row, row + width);
  }
  return rows;
}

TEST_CASE("a sequence has the same bits alone and in any batch") {
  Random random;
  testing::set_schedule(2);
  for (const RecurrentCell& cell : cells) {
    for (int round = 0; round < 3; ++round) {
      const Example example = example_of(
          {random.size(1, 12), random.size(2, 20), random.size(1, 70), random.size(1, 70)}, cell,
          random);
      const EngineResults together = EngineExample(example, 1).run();
      for (std::size_t b = 0; b < example.batch; ++b) {
        const Example single = alone(example, b);
        const EngineResults results = EngineExample(single, 1).run();
        CHECK(same_bits(results.output, rows_of(together.output, b, example.batch,
                                                example.options.output_size(), single.steps)));
        CHECK(same_bits(results.state,
                        rows_of(together.state, b, example.batch, example.options.hidden_size,
                                example.options.num_directions())));
        if (together.cell.empty()) continue;
        CHECK(same_bits(results.cell,
                        rows_of(together.cell, b, example.batch, example.options.hidden_size,
                                example.options.num_directions())));
      }
    }
  }
}

TEST_CASE("NaN and infinity in one sequence reach no other") {
  Random random;
  testing::set_schedule(2);
  for (const RecurrentCell& cell : cells) {
    for (const float poison : {testing::nan_float, testing::infinity}) {
      Example example = example_of({random.size(2, 6), random.size(2, 20), 9, 30}, cell, random);
      example.options.batch_first = false;
      example.lengths.clear();
      const std::size_t sick = random.size(0, example.batch - 1);
      EngineExample clean(example, 1);
      EngineExample poisoned(example, 1);
      poisoned.input()[(example.batch + sick) * 9] = poison;  // in the second step
      const EngineResults expected = clean.run();
      const EngineResults got = poisoned.run();
      const std::size_t width = example.options.output_size();
      for (std::size_t b = 0; b < example.batch; ++b) {
        const auto output = [&](const std::vector<float>& of) {
          return rows_of(of, b, example.batch, width, example.steps);
        };
        const bool same = same_bits(output(got.output), output(expected.output)) &&
                          same_bits(output(got.training_output), output(expected.training_output));
        CHECK(same == (b != sick));
      }
      const std::vector<float> last = rows_of(got.output, sick, example.batch, width, 2);
      if (std::isnan(poison)) CHECK(std::isnan(last[width]));
    }
  }
}

}  // namespace
}  // namespace gru
