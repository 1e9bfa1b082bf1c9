#include <vector>

#include "cpu/kernels/cell_testing.h"

/// One backward step of every instruction set, against the reference cell in double.
namespace gru::cpu {
namespace {

using testing::for_each_step;
using testing::GuardedMatrix;
using testing::Memory;
using testing::Random;
using testing::random_floats;
using testing::run_forward;
using testing::same_bits;
using testing::Step;
using testing::to_doubles;

/// U^T y over the gates [first, first + count).
std::vector<double> recurrent_product(const Step& step, std::size_t first, std::size_t count,
                                      std::span<const double> y) {
  std::vector<double> x(step.hidden, 0.0);
  reference::add_transposed_product(
      reference::gate_rows(reference::Values(step.weight_double), first, count), y, x);
  return x;
}

/// One backward step by the kernels. The products with U between them are computed in double.
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
    // The gradient of h' is the sum of two parts.
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

  /// One call computes the units before `cut`, another call the rest.
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

  /// The whole gradient of h: the part that the kernels compute, and the part that goes through U.
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

/// The gradients have the size of d_next times U's row sums. The bound is 1e-5 of the largest
/// gradient, but at least 1e-5.
void check_gradients(std::span<const double> got, std::span<const double> expected,
                     const char* what) {
  double largest = 1;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  GRU_CHECK_ALL_NEAR(what, got, expected, 1e-5 * largest);
}

void check_backward_row(const Step& step, BackwardRun& run, std::size_t row,
                        const reference::State& d_next) {
  const std::size_t hidden = step.hidden;
  reference::GruActivations kept;
  kept.before.h = step.state_of(row);
  const std::vector<double> x = step.input_of(row);
  cell_forward(step.cell(), x, kept);
  std::vector<double> d_x(gate_count * hidden, 0.0);
  std::vector<double> d_weight_ih(step.identity.size());
  std::vector<double> d_weight_hh(step.weight_double.size());
  std::vector<double> d_bias_ih(gate_count * hidden);
  std::vector<double> d_bias_hh(gate_count * hidden);
  const reference::State d_before = cell_backward(step.cell(), x, kept, d_next, d_x,
                                                  {d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh});
  check_gradients(run.slots(row, gate_r, gate_count), d_x, "gate gradients");
  check_gradients(run.d_h(row), d_before.h, "state gradients");
  const std::size_t last = step.reset_after() ? std::size_t{reserve_q} : std::size_t{gate_n};
  check_gradients(run.slots(row, last, 1),
                  reference::gate_rows(reference::Values(d_bias_hh), gate_n, 1), "dq");
}

TEST_CASE("a backward step is the reference cell's") {
  for_each_step(8, [](const Step& step, Random& random) {
    Memory memory(step, reserve_gates);
    run_forward(step, true, memory, {{0, step.rows, 0, step.blocks()}});
    for (const bool with_d_output : {false, true}) {
      BackwardRun run(step, memory.gates, random);
      std::vector<double> d_next = to_doubles(step.d_next);
      if (with_d_output) reference::add(to_doubles(run.d_output.values()), d_next);
      run.run(step.hidden, with_d_output);
      CHECK(run.gates.guards_hold());
      CHECK(run.d_state.guards_hold());
      for (std::size_t row = 0; row < step.rows; ++row) {
        const auto of_row = std::span(d_next).subspan(row * step.hidden, step.hidden);
        check_backward_row(step, run, row, {{of_row.begin(), of_row.end()}, {}});
      }
    }
  });
}

TEST_CASE("bits of a backward step do not depend on its cut") {
  for_each_step(4, [](const Step& step, Random& random) {
    Memory memory(step, reserve_gates);
    run_forward(step, true, memory, {{0, step.rows, 0, step.blocks()}});
    BackwardRun whole(step, memory.gates, random);
    BackwardRun cut = whole;
    whole.run(step.hidden, true);
    cut.run(random.size(0, step.hidden), true);
    CHECK(same_bits(whole.gates.values(), cut.gates.values()));
    CHECK(same_bits(whole.d_state.values(), cut.d_state.values()));
  });
}

}  // namespace
}  // namespace gru::cpu
