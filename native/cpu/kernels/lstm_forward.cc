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

GRU_INLINE Vector gate_input(const Place& at, const Vector* sums, std::size_t gate) {
  return load(at.gate(gate), at.count) + sums[gate];
}

template <bool Keep>
GRU_INLINE void finish(Lstm<Keep>, const Place& at, const Vector* sums) {
  const Vector i = sigmoid(gate_input(at, sums, gate_i));
  const Vector f = sigmoid(gate_input(at, sums, gate_f));
  const Vector g = hyperbolic_tangent(gate_input(at, sums, gate_g));
  const Vector o = sigmoid(gate_input(at, sums, gate_o));
  const Vector c = f * load(at.cell(), at.count) + i * g;
  store(at.cell(), c, at.count);
  store(at.output(), o * hyperbolic_tangent(c), at.count);
  if constexpr (Keep) {
    store(at.gate(gate_i), i, at.count);
    store(at.gate(gate_f), f, at.count);
    store(at.gate(gate_g), g, at.count);
    store(at.gate(gate_o), o, at.count);
    store(at.gate(reserve_c), c, at.count);
  }
}

}  // namespace

void forward_lstm(const ForwardStep& step) { compute(Lstm<false>{}, step, states(step)); }

void forward_lstm_training(const ForwardStep& step) { compute(Lstm<true>{}, step, states(step)); }

GRU_KERNELS_END
