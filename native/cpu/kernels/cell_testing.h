#pragma once

#include <vector>

#include "base/cell.h"
#include "cpu/kernels/testing.h"
#include "reference/gru_cell.h"

/// Random steps of the recurrence, for the kernels and for the reference cell.
namespace gru::testing {

/// The inputs of a step. The reference's W is the identity. So the reference's x is what the
/// kernels read in `gates`, and its gradient of x is what they write there.
struct Step {
  const cpu::Kernels& table;
  CellVariant variant;
  std::size_t rows;
  std::size_t hidden;
  std::vector<float> weight, bias, inputs, states, d_next;
  std::vector<double> identity, weight_double, bias_double;
  std::vector<float> packed_gates, packed_candidate, padded_bias;

  Step(const cpu::Kernels& kernels, CellVariant cell_variant, Random& random)
      : table(kernels),
        variant(cell_variant),
        rows(random.size(1, 9) + (coin(random) ? random.size(1, 3) * kernels.max_rows : 0)),
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
    // With the reset gate before the product, b_hn is part of the inputs.
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

  reference::GruCell cell() const {
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

inline cpu::ForwardStep forward_part(const Step& step, Memory& memory, const Part& part,
                                     const std::vector<float>& packed) {
  cpu::ForwardStep call{};
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
  // The order of the blocks and `prefetch` must not change the result.
  call.descending = (part.first_row + part.first_block + step.hidden) % 2 == 1;
  call.prefetch = (part.end_row + part.end_block + step.hidden / 2) % 2 == 1;
  return call;
}

/// A whole forward step in the given parts. With the reset gate before the product, all parts of
/// the first half come before all parts of the second.
inline void run_forward(const Step& step, bool training, Memory& memory,
                        const std::vector<Part>& parts) {
  const cpu::Kernels& table = step.table;
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

inline constexpr CellVariant cell_variants[] = {{ResetGate::after, UpdateGate::retain},
                                                {ResetGate::after, UpdateGate::replace},
                                                {ResetGate::before, UpdateGate::retain},
                                                {ResetGate::before, UpdateGate::replace}};

template <class Body>
void for_each_step(int rounds, const Body& body) {
  for_each_table([&](const cpu::Kernels& table) {
    Random random;
    for (const CellVariant variant : cell_variants) {
      for (int round = 0; round < rounds; ++round) body(Step(table, variant, random), random);
    }
  });
}

}  // namespace gru::testing
