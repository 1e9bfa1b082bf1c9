#include <vector>

#include "core/cell.h"
#include "core/reference_cell.h"
#include "cpu/kernels_testing.h"

/// One step of the recurrence, forward and backward, of every instruction set against the reference
/// cell in double.
namespace gru::cpu {
namespace {

using testing::coin;
using testing::for_each_table;
using testing::GuardedMatrix;
using testing::Random;
using testing::random_floats;
using testing::same_bits;
using testing::to_doubles;

/// Inputs of a step. The reference's W is the identity, so that its input x is what the kernels
/// find in `gates`, and its gradient of x is what they leave there.
struct Step {
  const Kernels& table;
  CellVariant variant;
  std::size_t rows;
  std::size_t hidden;
  std::vector<float> weight, bias, inputs, states, d_next;
  std::vector<double> identity, weight_double, bias_double;
  std::vector<float> packed_gates, packed_candidate, padded_bias;

  Step(const Kernels& kernels, CellVariant cell_variant, Random& random)
      : table(kernels),
        variant(cell_variant),
        rows(random.size(1, 9) + (coin(random) ? kernels.max_rows : 0)),
        hidden(random.size(1, coin(random) ? 9 : 70)),
        weight(random_floats(random, gate_count * hidden * hidden,
                             1 / std::sqrt(static_cast<double>(hidden)))),
        bias(random_floats(random, hidden)),
        inputs(random_floats(random, rows * gate_count * hidden)),
        states(random_floats(random, rows * hidden, 0.5)),
        d_next(random_floats(random, rows * hidden)),
        identity(gate_count * hidden * gate_count * hidden, 0.0),
        weight_double(to_doubles(weight)),
        bias_double(gate_count * hidden, 0.0) {
    for (std::size_t i = 0; i < gate_count * hidden; ++i)
      identity[i * (gate_count * hidden + 1)] = 1;
    // With the reset gate before the product, b_hn is a part of the inputs.
    if (!reset_after()) bias.assign(hidden, 0);
    for (std::size_t j = 0; j < hidden; ++j) {
      bias_double[gate_n * hidden + j] = static_cast<double>(bias[j]);
    }
    pack();
  }

  bool reset_after() const { return variant.reset == ResetGate::after; }
  std::size_t blocks() const { return (hidden + table.lanes - 1) / table.lanes; }
  float update_sign() const { return variant.update == UpdateGate::retain ? 1.0F : -1.0F; }

  void pack() {
    const std::size_t gates = reset_after() ? gate_count : gate_n;
    packed_gates.resize(blocks() * table.lanes * gates * hidden);
    table.pack_gates(weight.data(), hidden, gates, packed_gates.data(), 0, blocks());
    packed_candidate.resize(blocks() * table.lanes * hidden);
    table.pack_gates(weight.data() + gate_n * hidden * hidden, hidden, 1, packed_candidate.data(),
                     0, blocks());
    padded_bias = bias;
    padded_bias.resize(blocks() * table.lanes);
  }

  reference::Cell cell() const {
    return {variant, hidden, identity, weight_double, {}, bias_double};
  }
  std::vector<double> input_of(std::size_t row) const {
    return to_doubles(std::span(inputs).subspan(row * gate_count * hidden, gate_count * hidden));
  }
  std::vector<double> state_of(std::size_t row) const {
    return to_doubles(std::span(states).subspan(row * hidden, hidden));
  }
};

/// The kernels' memory: gates [rows, gates * H], states and outputs [rows, H], all with gaps.
struct Memory {
  GuardedMatrix gates;
  GuardedMatrix state;
  GuardedMatrix output;

  Memory(const Step& step, std::size_t gate_slots)
      : gates(step.rows, gate_slots * step.hidden, gate_slots == reserve_gates ? 0 : 5),
        state(step.rows, step.hidden),
        output(step.rows, step.hidden) {
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      gates.at(i / (gate_count * step.hidden), i % (gate_count * step.hidden)) = step.inputs[i];
    }
    state.assign(step.states);
  }
  bool guards_hold() const {
    return gates.guards_hold() && state.guards_hold() && output.guards_hold();
  }
};

/// Rows first_row..end_row of all blocks given.
struct Part {
  std::size_t first_row, end_row, first_block, end_block;
};

ForwardStep forward_part(const Step& step, Memory& memory, const Part& part,
                         const std::vector<float>& packed) {
  ForwardStep call{};
  call.state = &memory.state.at(part.first_row, 0);
  call.state_stride = memory.state.stride();
  call.gates = &memory.gates.at(part.first_row, 0);
  call.gate_stride = memory.gates.stride();
  call.output = &memory.output.at(part.first_row, 0);
  call.output_stride = memory.output.stride();
  call.weights = packed.data();
  call.bias = step.padded_bias.data();
  call.update_sign = step.update_sign();
  call.hidden = step.hidden;
  call.rows = part.end_row - part.first_row;
  call.first_block = part.first_block;
  call.end_block = part.end_block;
  return call;
}

/// A whole forward step in the parts given: with the reset gate before, all parts of the first
/// half, then all of the second.
void run_forward(const Step& step, bool training, Memory& memory, const std::vector<Part>& parts) {
  const Kernels& table = step.table;
  const auto each = [&](auto kernel, const std::vector<float>& packed) {
    for (const Part& part : parts) kernel(forward_part(step, memory, part, packed));
  };
  if (step.reset_after()) {
    each(training ? table.forward_after_training : table.forward_after, step.packed_gates);
    return;
  }
  each(training ? table.gates_before_training : table.gates_before, step.packed_gates);
  each(training ? table.candidate_before_training : table.candidate_before, step.packed_candidate);
}

constexpr CellVariant variants[] = {{ResetGate::after, UpdateGate::retain},
                                    {ResetGate::after, UpdateGate::replace},
                                    {ResetGate::before, UpdateGate::retain},
                                    {ResetGate::before, UpdateGate::replace}};

template <class Body>
void for_each_step(int rounds, const Body& body) {
  for_each_table([&](const Kernels& table) {
    Random random;
    for (const CellVariant variant : variants) {
      for (int round = 0; round < rounds; ++round) body(Step(table, variant, random), random);
    }
  });
}

constexpr double forward_bound = 2e-6;

/// The gate slots after a step: what training keeps, or the inputs as they were.
void check_slots(const Step& step, bool training, GuardedMatrix& gates, std::size_t row,
                 const reference::Activations& expected) {
  for (std::size_t j = 0; j < step.hidden; ++j) {
    const auto slot = [&](std::size_t gate) {
      return static_cast<double>(gates.at(row, gate * step.hidden + j));
    };
    const bool retain = step.variant.update == UpdateGate::retain;
    const double u = retain ? expected.z[j] : 1 - expected.z[j];
    const double reset_state = expected.r[j] * expected.h[j];
    if (training) {
      GRU_CHECK_NEAR(slot(gate_r), expected.r[j], forward_bound);
      GRU_CHECK_NEAR(slot(gate_z), u, forward_bound);
      GRU_CHECK_NEAR(slot(gate_n), expected.n[j], forward_bound);
      const double q = step.reset_after() ? expected.q[j] : reset_state;
      GRU_CHECK_NEAR(slot(reserve_q), q, 2 * forward_bound);
    } else if (step.reset_after()) {
      for (const Gate gate : {gate_r, gate_z, gate_n}) {
        GRU_CHECK(slot(gate) == step.input_of(row)[gate * step.hidden + j]);
      }
    } else {
      GRU_CHECK_NEAR(slot(gate_r), reset_state, forward_bound);
      GRU_CHECK_NEAR(slot(gate_z), u, forward_bound);
    }
  }
}

GRU_TEST(a_forward_step_is_the_reference_cell) {
  for_each_step(12, [](const Step& step, Random&) {
    for (const bool training : {false, true}) {
      Memory memory(step, training ? reserve_gates : gate_count);
      run_forward(step, training, memory, {{0, step.rows, 0, step.blocks()}});
      GRU_CHECK(memory.guards_hold());
      for (std::size_t row = 0; row < step.rows; ++row) {
        reference::Activations expected;
        expected.h = step.state_of(row);
        const std::vector<double> next = cell_forward(step.cell(), step.input_of(row), expected);
        for (std::size_t j = 0; j < step.hidden; ++j) {
          GRU_CHECK_NEAR(static_cast<double>(memory.output.at(row, j)), next[j], forward_bound);
        }
        check_slots(step, training, memory.gates, row, expected);
      }
    }
  });
}

GRU_TEST(bits_of_a_forward_step_do_not_depend_on_its_cut) {
  for_each_step(6, [](const Step& step, Random& random) {
    for (const bool training : {false, true}) {
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
      Memory whole(step, training ? reserve_gates : gate_count);
      Memory cut(step, training ? reserve_gates : gate_count);
      run_forward(step, training, whole, {{0, step.rows, 0, step.blocks()}});
      run_forward(step, training, cut, parts);
      GRU_CHECK(same_bits(whole.output.values(), cut.output.values()));
      if (training) GRU_CHECK(same_bits(whole.gates.values(), cut.gates.values()));
    }
  });
}

/// U^T y over the gates [first, first + count).
std::vector<double> recurrent_product(const Step& step, std::size_t first, std::size_t count,
                                      std::span<const double> y) {
  std::vector<double> x(step.hidden, 0.0);
  reference::add_transposed_product(
      reference::gate_rows(reference::Values(step.weight_double), first, count), y, x);
  return x;
}

/// One backward step by the kernels, with the products with U that stand between them in double.
struct BackwardRun {
  const Step& step;
  GuardedMatrix gates;
  GuardedMatrix state;
  GuardedMatrix d_output;
  GuardedMatrix d_state;
  GuardedMatrix d_reset_state;

  BackwardRun(const Step& of, GuardedMatrix reserve, Random& random)
      : step(of),
        gates(std::move(reserve)),
        state(of.rows, of.hidden),
        d_output(of.rows, of.hidden),
        d_state(of.rows, of.hidden),
        d_reset_state(of.rows, of.hidden) {
    state.assign(step.states);
    // The gradient of h' comes in two parts.
    const std::vector<float> part = random_floats(random, step.d_next.size());
    d_output.assign(part);
    for (std::size_t i = 0; i < part.size(); ++i) {
      d_state.at(i / step.hidden, i % step.hidden) = step.d_next[i];
    }
  }

  BackwardStep part(std::size_t first_unit, std::size_t end_unit) {
    BackwardStep call{};
    call.gates = gates.data();
    call.gate_stride = gates.stride();
    call.state = state.data();
    call.state_stride = state.stride();
    call.d_output = d_output.data();
    call.d_output_stride = d_output.stride();
    call.d_state = d_state.data();
    call.d_state_stride = d_state.stride();
    call.d_reset_state = d_reset_state.data();
    call.d_reset_state_stride = d_reset_state.stride();
    call.update_sign = step.update_sign();
    call.rows = step.rows;
    call.first_unit = first_unit;
    call.end_unit = end_unit;
    return call;
  }

  std::vector<double> slots(std::size_t row, std::size_t first, std::size_t count) {
    return to_doubles({&gates.at(row, first * step.hidden), count * step.hidden});
  }

  /// `cut`: units before it and units from it on are computed by two calls.
  void run(std::size_t cut, bool with_d_output) {
    const auto each = [&](auto kernel) {
      for (BackwardStep call : {part(0, cut), part(cut, step.hidden)}) {
        if (!with_d_output) call.d_output = nullptr;
        if (call.first_unit < call.end_unit) kernel(call);
      }
    };
    if (step.reset_after()) return each(step.table.backward_after);
    each(step.table.backward_before);
    for (std::size_t row = 0; row < step.rows; ++row) {
      const auto product = recurrent_product(step, gate_n, 1, slots(row, gate_n, 1));
      for (std::size_t j = 0; j < step.hidden; ++j) {
        d_reset_state.at(row, j) = static_cast<float>(product[j]);
      }
    }
    each(step.table.backward_before_reset);
  }

  /// The whole gradient of h: what the kernels left, and what reaches it through U.
  std::vector<double> d_h(std::size_t row) {
    const std::vector<double> d_reset_update = slots(row, gate_r, gate_n);
    std::vector<double> sum = recurrent_product(step, gate_r, gate_n, d_reset_update);
    reference::add(to_doubles({&d_state.at(row, 0), step.hidden}), sum);
    if (step.reset_after()) {
      reference::add(recurrent_product(step, gate_n, 1, slots(row, reserve_q, 1)), sum);
    }
    return sum;
  }
};

/// Gradients are of the size of d_next times U's row sums; the bound is 1e-5 of the largest, at
/// least of 1.
void check_gradients(std::span<const double> got, std::span<const double> expected,
                     const char* what) {
  double largest = 1;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  GRU_CHECK_ALL_NEAR(what, got, expected, 1e-5 * largest);
}

void check_backward_row(const Step& step, BackwardRun& run, std::size_t row,
                        std::span<const double> d_next) {
  const std::size_t hidden = step.hidden;
  reference::Activations kept;
  kept.h = step.state_of(row);
  const std::vector<double> x = step.input_of(row);
  cell_forward(step.cell(), x, kept);
  std::vector<double> d_x(gate_count * hidden, 0.0);
  std::vector<double> d_weight_ih(step.identity.size());
  std::vector<double> d_weight_hh(step.weight_double.size());
  std::vector<double> d_bias_ih(gate_count * hidden);
  std::vector<double> d_bias_hh(gate_count * hidden);
  const std::vector<double> d_h = cell_backward(step.cell(), x, kept, d_next, d_x,
                                                {d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh});
  check_gradients(run.slots(row, gate_r, gate_count), d_x, "gate gradients");
  check_gradients(run.d_h(row), d_h, "state gradients");
  const std::size_t last = step.reset_after() ? std::size_t{reserve_q} : std::size_t{gate_n};
  check_gradients(run.slots(row, last, 1),
                  reference::gate_rows(reference::Values(d_bias_hh), gate_n, 1), "dq");
}

GRU_TEST(a_backward_step_is_the_reference_cells) {
  for_each_step(8, [](const Step& step, Random& random) {
    Memory memory(step, reserve_gates);
    run_forward(step, true, memory, {{0, step.rows, 0, step.blocks()}});
    for (const bool with_d_output : {false, true}) {
      BackwardRun run(step, memory.gates, random);
      std::vector<double> d_next = to_doubles(step.d_next);
      if (with_d_output) reference::add(to_doubles(run.d_output.values()), d_next);
      run.run(step.hidden, with_d_output);
      GRU_CHECK(run.gates.guards_hold() && run.d_state.guards_hold());
      for (std::size_t row = 0; row < step.rows; ++row) {
        check_backward_row(step, run, row,
                           std::span(d_next).subspan(row * step.hidden, step.hidden));
      }
    }
  });
}

GRU_TEST(bits_of_a_backward_step_do_not_depend_on_its_cut) {
  for_each_step(4, [](const Step& step, Random& random) {
    Memory memory(step, reserve_gates);
    run_forward(step, true, memory, {{0, step.rows, 0, step.blocks()}});
    BackwardRun whole(step, memory.gates, random);
    BackwardRun cut = whole;
    whole.run(step.hidden, true);
    cut.run(random.size(0, step.hidden), true);
    GRU_CHECK(same_bits(whole.gates.values(), cut.gates.values()));
    GRU_CHECK(same_bits(whole.d_state.values(), cut.d_state.values()));
  });
}

}  // namespace
}  // namespace gru::cpu

GRU_TEST_MAIN
