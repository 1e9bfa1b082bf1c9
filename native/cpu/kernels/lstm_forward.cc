#include "base/cell.h"
#include "cpu/kernels/activations.h"
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/step.h"

/// One step of an LSTM, forward (step.h): c' = f c + i g, h' = o tanh(c').

GRU_KERNELS_BEGIN

namespace {

/// With Keep, for training, it keeps what backward needs.
template <bool Keep>
struct Lstm {
  static constexpr int gates = 4;
};

GRU_INLINE Vector gate_input(const UnitBlock& units, const Vector* sums, std::size_t gate) {
  return load(units.gate(gate), units.count) + sums[gate];
}

template <bool Keep>
GRU_INLINE void finish(Lstm<Keep>, const UnitBlock& units, const Vector* sums) {
  const Vector i = sigmoid(gate_input(units, sums, gate_i));
  const Vector f = sigmoid(gate_input(units, sums, gate_f));
  const Vector g = hyperbolic_tangent(gate_input(units, sums, gate_g));
  const Vector o = sigmoid(gate_input(units, sums, gate_o));
  const Vector c = f * load(units.cell(), units.count) + i * g;
  store(units.cell(), c, units.count);
  store(units.output(), o * hyperbolic_tangent(c), units.count);
  if constexpr (Keep) {
    store(units.gate(gate_i), i, units.count);
    store(units.gate(gate_f), f, units.count);
    store(units.gate(gate_g), g, units.count);
    store(units.gate(gate_o), o, units.count);
    store(units.gate(reserve_c), c, units.count);
  }
}

}  // namespace

void forward_lstm(const ForwardStep& step) { compute(Lstm<false>{}, step, states(step)); }

void forward_lstm_training(const ForwardStep& step) { compute(Lstm<true>{}, step, states(step)); }

GRU_KERNELS_END
