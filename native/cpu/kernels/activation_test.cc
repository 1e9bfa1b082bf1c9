#include <array>
#include <vector>

#include "base/cell.h"
#include "cpu/kernels/testing.h"

/// The accuracy of sigmoid and tanh, tested through the forward kernels: with one unit and zero
/// weights, the gates of a step are the activations of its inputs.
namespace gru::cpu {
namespace {

using testing::for_each_table;
using testing::Random;

constexpr double bound = 4e-7;

/// The results of one training step for each input x.
struct Activations {
  std::vector<float> r;  ///< sigmoid(x)
  std::vector<float> u;  ///< sigmoid(sign * x)
  std::vector<float> n;  ///< tanh(x)
};

std::vector<float> padded_zeros(const Kernels& table, std::size_t vectors) {
  return std::vector<float>(vectors * table.lanes);
}

/// `gate` is the gate that holds x. The others hold 0, so that a NaN can come from x only.
Activations activate(const Kernels& table, std::span<const float> inputs, Gate gate, float sign) {
  std::vector<float> gates(inputs.size() * reserve_gates);
  for (std::size_t i = 0; i < inputs.size(); ++i) gates[i * reserve_gates + gate] = inputs[i];
  const std::vector<float> weights = padded_zeros(table, gate_count);
  const std::vector<float> bias = padded_zeros(table, 1);
  const std::vector<float> state(inputs.size());
  std::vector<float> output(inputs.size());
  ForwardStep step{};
  step.state = state.data();
  step.state_stride = 1;
  step.gates = gates.data();
  step.gate_stride = reserve_gates;
  step.output = output.data();
  step.output_stride = 1;
  step.weights = weights.data();
  step.bias = bias.data();
  step.update_sign = sign;
  step.hidden = 1;
  step.rows = inputs.size();
  step.end_block = 1;
  table.forward_after_training(step);
  Activations made;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    made.r.push_back(gates[i * reserve_gates + gate_r]);
    made.u.push_back(gates[i * reserve_gates + gate_z]);
    made.n.push_back(gates[i * reserve_gates + gate_n]);
  }
  return made;
}

/// Numbers in [-100, 100] in small steps and at random, numbers near each switch between formulas,
/// and numbers of every size down to the smallest float.
std::vector<float> inputs() {
  std::vector<float> made;
  for (int i = -20000; i <= 20000; ++i) made.push_back(static_cast<float>(i) * 0.005F);
  Random random;
  for (const double x : random.values(20000, 3)) made.push_back(static_cast<float>(x));
  for (const float centre : {0.6F, 43.5F, 44.0F, 87.0F, 88.0F}) {
    float x = centre;
    for (int i = 0; i < 40; ++i) x = std::nextafter(x, 0.0F);
    for (int i = 0; i < 80; ++i, x = std::nextafter(x, 1000.0F)) {
      made.push_back(x);
      made.push_back(-x);
    }
  }
  for (int exponent = -149; exponent <= 127; ++exponent) {
    made.push_back(std::ldexp(1.0F, exponent));
    made.push_back(-std::ldexp(1.5F, exponent));
  }
  return made;
}

double exact_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST_CASE("sigmoid is exact to 4e-7") {
  const std::vector<float> x = inputs();
  for_each_table([&x](const Kernels& table) {
    const Activations reset = activate(table, x, gate_r, 1);
    const Activations update = activate(table, x, gate_z, 1);
    const Activations replaced = activate(table, x, gate_z, -1);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double exact = exact_sigmoid(static_cast<double>(x[i]));
      GRU_CHECK_NEAR(static_cast<double>(reset.r[i]), exact, bound);
      GRU_CHECK_NEAR(static_cast<double>(update.u[i]), exact, bound);
      GRU_CHECK_NEAR(static_cast<double>(replaced.u[i]), exact_sigmoid(-static_cast<double>(x[i])),
                     bound);
      CHECK(reset.r[i] >= 0);
      CHECK(reset.r[i] <= 1);
    }
  });
}

TEST_CASE("tanh is exact to 4e-7 of itself and stays within one") {
  const std::vector<float> x = inputs();
  for_each_table([&x](const Kernels& table) {
    const Activations made = activate(table, x, gate_n, 1);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double exact = std::tanh(static_cast<double>(x[i]));
      GRU_CHECK_NEAR(static_cast<double>(made.n[i]), exact, bound * std::abs(exact));
      CHECK(std::abs(made.n[i]) <= 1);
    }
  });
}

TEST_CASE("activations of infinity are their limits and NaN passes") {
  const std::array<float, 3> x = {testing::infinity, -testing::infinity, testing::nan_float};
  for_each_table([&x](const Kernels& table) {
    const Activations reset = activate(table, x, gate_r, 1);
    const Activations update = activate(table, x, gate_z, 1);
    const Activations replaced = activate(table, x, gate_z, -1);
    const Activations candidate = activate(table, x, gate_n, 1);
    for (const std::vector<float>& sigmoid : {reset.r, update.u}) {
      CHECK(sigmoid[0] == 1);
      GRU_CHECK_NEAR(static_cast<double>(sigmoid[1]), 0, 1e-37);
      CHECK(std::isnan(sigmoid[2]));
    }
    GRU_CHECK_NEAR(static_cast<double>(replaced.u[0]), 0, 1e-37);
    CHECK(replaced.u[1] == 1);
    CHECK(std::isnan(replaced.u[2]));
    CHECK(candidate.n[0] == 1);
    CHECK(candidate.n[1] == -1);
    CHECK(std::isnan(candidate.n[2]));
  });
}

/// A NaN may have any bits below its exponent. Arithmetic on the bits of a float must not turn it
/// into a number.
/// number of them.
TEST_CASE("NaN passes whatever its payload") {
  std::vector<float> x;
  for (const std::uint32_t sign : {0U, 0x80000000U}) {
    for (std::uint32_t bit = 0; bit < 23; ++bit) {
      x.push_back(std::bit_cast<float>(sign | 0x7f800000U | 1U << bit));
      x.push_back(std::bit_cast<float>(sign | 0x7fffffffU >> 9 << 9 | 1U << bit));
    }
    x.push_back(std::bit_cast<float>(sign | 0x7fffffffU));
  }
  for_each_table([&x](const Kernels& table) {
    const Activations reset = activate(table, x, gate_r, 1);
    const Activations update = activate(table, x, gate_z, -1);
    const Activations candidate = activate(table, x, gate_n, 1);
    for (std::size_t i = 0; i < x.size(); ++i) {
      CHECK(std::isnan(reset.r[i]));
      CHECK(std::isnan(update.u[i]));
      CHECK(std::isnan(candidate.n[i]));
    }
  });
}

}  // namespace
}  // namespace gru::cpu
