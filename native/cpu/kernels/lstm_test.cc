#include <vector>

#include "base/cell.h"
#include "cpu/kernels/testing.h"
#include "reference/lstm_cell.h"

/// One LSTM step, forward and backward, of every instruction set against the reference cell in
/// double.
namespace gru::cpu {
namespace {

using testing::coin;
using testing::for_each_table;
using testing::GuardedMatrix;
using testing::Random;
using testing::random_floats;
using testing::same_bits;
using testing::to_doubles;

constexpr CellSpec spec = cell_spec(CellKind::lstm);
constexpr double forward_bound = 2e-6;

/// The inputs of a step. The reference's W is the identity. So the reference's x is what the
/// kernels read in `gates`, and its gradient of x is what they write there.
struct Step {
  const Kernels& table;
  std::size_t rows;
  std::size_t hidden;
  std::vector<float> weight, inputs, states, cells, packed;
  std::vector<double> identity, weight_double;

  Step(const Kernels& kernels, Random& random)
      : table(kernels),
        rows(random.size(1, 14) + (coin(random) ? random.size(1, 30) : 0)),
        hidden(random.size(1, coin(random) ? 9 : 70)),
        weight(random_floats(random, spec.gates * hidden * hidden,
                             1 / std::sqrt(static_cast<double>(hidden)))),
        inputs(random_floats(random, rows * spec.gates * hidden)),
        states(random_floats(random, rows * hidden, 0.5)),
        cells(random_floats(random, rows * hidden)),
        packed(blocks() * kernels.lanes * spec.gates * hidden),
        identity(spec.gates * hidden * spec.gates * hidden, 0.0),
        weight_double(to_doubles(weight)) {
    for (std::size_t i = 0; i < spec.gates * hidden; ++i)
      identity[i * (spec.gates * hidden + 1)] = 1;
    table.pack_gates(weight.data(), hidden, spec.gates, packed.data(), 0, blocks());
  }

  std::size_t blocks() const { return (hidden + table.lanes - 1) / table.lanes; }
  reference::LstmCell cell() const { return {hidden, identity, weight_double, {}, {}}; }
  static std::vector<double> row_of(const std::vector<float>& values, std::size_t row,
                                    std::size_t width) {
    return to_doubles(std::span(values).subspan(row * width, width));
  }
  std::vector<double> input_of(std::size_t row) const {
    return row_of(inputs, row, spec.gates * hidden);
  }
  /// Computes row `row` with the reference.
  reference::State forward(std::size_t row, reference::LstmActivations& kept) const {
    kept.before = {row_of(states, row, hidden), row_of(cells, row, hidden)};
    return cell_forward(cell(), input_of(row), kept);
  }
};

template <class Body>
void for_each_step(int rounds, const Body& body) {
  for_each_table([&](const Kernels& table) {
    Random random;
    for (int round = 0; round < rounds; ++round) body(Step(table, random), random);
  });
}

/// The kernels' memory, with gaps.
struct Memory {
  GuardedMatrix gates, state, cell, output;

  Memory(const Step& step, bool training)
      : gates(step.rows, (training ? spec.reserve : spec.gates) * step.hidden, training ? 0 : 5),
        state(step.rows, step.hidden),
        cell(step.rows, step.hidden),
        output(step.rows, step.hidden) {
    const std::size_t width = spec.gates * step.hidden;
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      gates.at(i / width, i % width) = step.inputs[i];
    }
    state.assign(step.states);
    cell.assign(step.cells);
  }
  bool guards_hold() const {
    return gates.guards_hold() && state.guards_hold() && cell.guards_hold() && output.guards_hold();
  }
};

/// Rows first_row..end_row of the given blocks.
struct Part {
  std::size_t first_row, end_row, first_block, end_block;
};

void run_forward(const Step& step, bool training, Memory& memory, const std::vector<Part>& parts) {
  for (const Part& part : parts) {
    ForwardStep call{};
    call.state = &memory.state.at(part.first_row, 0);
    call.state_stride = memory.state.stride();
    call.cell = &memory.cell.at(part.first_row, 0);
    call.cell_stride = memory.cell.stride();
    call.gates = &memory.gates.at(part.first_row, 0);
    call.gate_stride = memory.gates.stride();
    call.output = &memory.output.at(part.first_row, 0);
    call.output_stride = memory.output.stride();
    call.weights = step.packed.data();
    call.hidden = step.hidden;
    call.rows = part.end_row - part.first_row;
    call.first_block = part.first_block;
    call.end_block = part.end_block;
    // The order of the blocks and `prefetch` must not change the result.
    call.descending = (part.first_row + part.first_block + step.hidden) % 2 == 1;
    call.prefetch = (part.end_row + part.end_block + step.hidden / 2) % 2 == 1;
    (training ? step.table.forward_lstm_training : step.table.forward_lstm)(call);
  }
}

std::vector<Part> whole(const Step& step) { return {{0, step.rows, 0, step.blocks()}}; }

std::vector<Part> random_parts(const Step& step, Random& random) {
  std::vector<Part> parts;
  for (std::size_t row = 0; row < step.rows;) {
    const std::size_t end_row = random.size(row + 1, step.rows);
    for (std::size_t block = 0; block < step.blocks();) {
      const std::size_t end_block = random.size(block + 1, step.blocks());
      parts.push_back({row, end_row, block, end_block});
      block = end_block;
    }
    row = end_row;
  }
  return parts;
}

void check_row(const std::vector<double>& expected, GuardedMatrix& got, std::size_t row,
               std::size_t column, const char* what) {
  const auto values = to_doubles({&got.at(row, column), expected.size()});
  GRU_CHECK_ALL_NEAR(what, values, expected, forward_bound);
}

TEST_CASE("a forward step is the reference cell") {
  for_each_step(24, [](const Step& step, Random&) {
    for (const bool training : {false, true}) {
      Memory memory(step, training);
      run_forward(step, training, memory, whole(step));
      CHECK(memory.guards_hold());
      for (std::size_t row = 0; row < step.rows; ++row) {
        reference::LstmActivations kept;
        const reference::State next = step.forward(row, kept);
        check_row(next.h, memory.output, row, 0, "h");
        check_row(next.c, memory.cell, row, 0, "c");
        if (!training) continue;
        check_row(kept.i, memory.gates, row, gate_i * step.hidden, "i");
        check_row(kept.f, memory.gates, row, gate_f * step.hidden, "f");
        check_row(kept.g, memory.gates, row, gate_g * step.hidden, "g");
        check_row(kept.o, memory.gates, row, gate_o * step.hidden, "o");
        check_row(kept.c, memory.gates, row, reserve_c * step.hidden, "kept c");
      }
    }
  });
}

TEST_CASE("bits of a forward step do not depend on its cut") {
  for_each_step(16, [](const Step& step, Random& random) {
    for (const bool training : {false, true}) {
      Memory together(step, training);
      Memory cut(step, training);
      run_forward(step, training, together, whole(step));
      run_forward(step, training, cut, random_parts(step, random));
      CHECK(same_bits(together.output.values(), cut.output.values()));
      CHECK(same_bits(together.cell.values(), cut.cell.values()));
      if (training) CHECK(same_bits(together.gates.values(), cut.gates.values()));
    }
  });
}

TEST_CASE("NaN and infinity pass through a step") {
  for_each_table([](const Kernels& table) {
    Random random;
    Step step(table, random);
    step.inputs[0] = testing::nan_float;
    step.cells.back() = testing::infinity;
    Memory memory(step, false);
    run_forward(step, false, memory, whole(step));
    CHECK(std::isnan(memory.output.at(0, 0)));
    CHECK(std::isnan(memory.cell.at(0, 0)));
    if (step.rows > 1) CHECK(std::isinf(memory.cell.at(step.rows - 1, step.hidden - 1)));
  });
}

/// One backward step by the kernel. The caller computes the product with U that follows.
struct BackwardRun {
  const Step& step;
  GuardedMatrix gates, cell, d_output, d_state, d_cell;

  BackwardRun(const Step& of, GuardedMatrix reserve, Random& random)
      : step(of),
        gates(std::move(reserve)),
        cell(of.rows, of.hidden),
        d_output(of.rows, of.hidden),
        d_state(of.rows, of.hidden),
        d_cell(of.rows, of.hidden) {
    cell.assign(step.cells);
    for (GuardedMatrix* matrix : {&d_output, &d_state, &d_cell}) {
      matrix->assign(random_floats(random, of.rows * of.hidden));
    }
  }

  /// One call computes the units before `cut`, another call the rest.
  void run(std::size_t cut, bool with_d_output) {
    for (const auto& [first, end] : {std::pair{std::size_t{0}, cut}, {cut, step.hidden}}) {
      if (first == end) continue;
      BackwardStep call{};
      call.gates = gates.data();
      call.gate_stride = gates.stride();
      call.state = cell.data();
      call.state_stride = cell.stride();
      if (with_d_output) call.d_output = d_output.data();
      call.d_output_stride = d_output.stride();
      call.d_state = d_state.data();
      call.d_state_stride = d_state.stride();
      call.d_cell = d_cell.data();
      call.d_cell_stride = d_cell.stride();
      call.rows = step.rows;
      call.first_unit = first;
      call.end_unit = end;
      step.table.backward_lstm(call);
    }
  }
};

/// The gradients have the size of the given ones. The bound is 1e-5 of the largest gradient, but at
/// least 1e-5.
void check_gradients(std::span<const float> got, std::span<const double> expected,
                     const char* what) {
  double largest = 1;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  GRU_CHECK_ALL_NEAR(what, to_doubles(got), expected, 1e-5 * largest);
}

TEST_CASE("a backward step is the reference cell's") {
  for_each_step(12, [](const Step& step, Random& random) {
    Memory memory(step, true);
    run_forward(step, true, memory, whole(step));
    const std::size_t hidden = step.hidden;
    for (const bool with_d_output : {false, true}) {
      BackwardRun run(step, memory.gates, random);
      std::vector<double> d_h = to_doubles(run.d_state.values());
      if (with_d_output) reference::add(to_doubles(run.d_output.values()), d_h);
      const std::vector<double> d_c = to_doubles(run.d_cell.values());
      run.run(hidden, with_d_output);
      CHECK(run.gates.guards_hold());
      CHECK(run.d_cell.guards_hold());
      for (std::size_t row = 0; row < step.rows; ++row) {
        const auto of_row = [&](const std::vector<double>& all) {
          const auto part = std::span(all).subspan(row * hidden, hidden);
          return std::vector<double>(part.begin(), part.end());
        };
        reference::LstmActivations kept;
        step.forward(row, kept);
        std::vector<double> d_x(spec.gates * hidden);
        std::vector<double> d_weight_ih(step.identity.size());
        std::vector<double> d_weight_hh(step.weight.size());
        const reference::State d_before =
            cell_backward(step.cell(), step.input_of(row), kept, {of_row(d_h), of_row(d_c)}, d_x,
                          {d_weight_ih, d_weight_hh, {}, {}});
        check_gradients({&run.gates.at(row, 0), d_x.size()}, d_x, "gates");
        check_gradients({&run.d_cell.at(row, 0), hidden}, d_before.c, "c");
      }
    }
  });
}

TEST_CASE("bits of a backward step do not depend on its cut") {
  for_each_step(8, [](const Step& step, Random& random) {
    Memory memory(step, true);
    run_forward(step, true, memory, whole(step));
    BackwardRun together(step, memory.gates, random);
    BackwardRun cut = together;
    together.run(step.hidden, true);
    cut.run(random.size(0, step.hidden), true);
    CHECK(same_bits(together.gates.values(), cut.gates.values()));
    CHECK(same_bits(together.d_cell.values(), cut.d_cell.values()));
  });
}

}  // namespace
}  // namespace gru::cpu
