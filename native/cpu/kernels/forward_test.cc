#include <vector>

#include "cpu/kernels/cell_testing.h"

/// One forward step of every instruction set, against the reference cell in double.
namespace gru::cpu {
namespace {

using testing::for_each_step;
using testing::GuardedMatrix;
using testing::Memory;
using testing::Part;
using testing::Random;
using testing::run_forward;
using testing::same_bits;
using testing::Step;

constexpr double forward_bound = 2e-6;

/// Checks the gate slots after a step: what training keeps, or in inference the unchanged inputs.
void check_slots(const Step& step, bool training, GuardedMatrix& gates, std::size_t row,
                 const reference::GruActivations& expected) {
  for (std::size_t j = 0; j < step.hidden; ++j) {
    const auto slot = [&](std::size_t gate) {
      return static_cast<double>(gates.at(row, gate * step.hidden + j));
    };
    const bool retain = step.variant.update == UpdateGate::retain;
    const double u = retain ? expected.z[j] : 1 - expected.z[j];
    const double reset_state = expected.r[j] * expected.before.h[j];
    if (training) {
      GRU_CHECK_NEAR(slot(gate_r), expected.r[j], forward_bound);
      GRU_CHECK_NEAR(slot(gate_z), u, forward_bound);
      GRU_CHECK_NEAR(slot(gate_n), expected.n[j], forward_bound);
      const double q = step.reset_after() ? expected.q[j] : reset_state;
      GRU_CHECK_NEAR(slot(reserve_q), q, 2 * forward_bound);
    } else if (step.reset_after()) {
      for (const Gate gate : {gate_r, gate_z, gate_n}) {
        CHECK(slot(gate) == step.input_of(row)[gate * step.hidden + j]);
      }
    } else {
      GRU_CHECK_NEAR(slot(gate_r), reset_state, forward_bound);
      GRU_CHECK_NEAR(slot(gate_z), u, forward_bound);
    }
  }
}

TEST_CASE("a forward step is the reference cell") {
  for_each_step(12, [](const Step& step, Random&) {
    for (const bool training : {false, true}) {
      Memory memory(step, training ? reserve_gates : gate_count);
      run_forward(step, training, memory, {{0, step.rows, 0, step.blocks()}});
      CHECK(memory.guards_hold());
      for (std::size_t row = 0; row < step.rows; ++row) {
        reference::GruActivations expected;
        expected.before.h = step.state_of(row);
        const reference::State next = cell_forward(step.cell(), step.input_of(row), expected);
        for (std::size_t j = 0; j < step.hidden; ++j) {
          GRU_CHECK_NEAR(static_cast<double>(memory.output.at(row, j)), next.h[j], forward_bound);
        }
        check_slots(step, training, memory.gates, row, expected);
      }
    }
  });
}

TEST_CASE("bits of a forward step do not depend on its cut") {
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
      CHECK(same_bits(whole.output.values(), cut.output.values()));
      if (training) CHECK(same_bits(whole.gates.values(), cut.gates.values()));
    }
  });
}

}  // namespace
}  // namespace gru::cpu
