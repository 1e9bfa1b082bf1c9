#include "base/cell.h"
#include "cpu/kernels/activations.h"
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/step.h"

/// One step of a GRU, forward (step.h).
///
/// u is the weight that keeps h: z with UpdateGate::retain, 1 - z with replace. Both are
/// sigmoid(update_sign * a_z), and h' = n + u (h - n).

GRU_KERNELS_BEGIN

namespace {

GRU_INLINE Vector reset_gate(const UnitBlock& units, Vector sum) {
  return sigmoid(load(units.gate(gate_r), units.count) + sum);
}

GRU_INLINE Vector retain_weight(const UnitBlock& units, Vector sum) {
  return sigmoid((load(units.gate(gate_z), units.count) + sum) * broadcast(units.step.update_sign));
}

GRU_INLINE void store_output(const UnitBlock& units, Vector u, Vector n) {
  const Vector h = load(units.state(), units.count);
  store(units.output(), u * (h - n) + n, units.count);
}

// What a tile does with its sums, which are U h of `gates` gates of one block. Training keeps what
// backward needs.

template <bool Keep>
struct After {
  static constexpr int gates = 3;
};

template <bool Keep>
GRU_INLINE void finish(After<Keep>, const UnitBlock& units, const Vector* sums) {
  const Vector r = reset_gate(units, sums[gate_r]);
  const Vector u = retain_weight(units, sums[gate_z]);
  const Vector q = sums[gate_n] + load(units.step.bias + units.unit);  // padded to full vectors
  const Vector n = hyperbolic_tangent(r * q + load(units.gate(gate_n), units.count));
  store_output(units, u, n);
  if constexpr (Keep) {
    store(units.gate(gate_r), r, units.count);
    store(units.gate(gate_z), u, units.count);
    store(units.gate(gate_n), n, units.count);
    store(units.gate(reserve_q), q, units.count);
  }
}

/// Reset before, first half. Inference writes r * h where r's input was.
template <bool Keep>
struct GatesBefore {
  static constexpr int gates = 2;
};

template <bool Keep>
GRU_INLINE void finish(GatesBefore<Keep>, const UnitBlock& units, const Vector* sums) {
  const Vector r = reset_gate(units, sums[gate_r]);
  const Vector u = retain_weight(units, sums[gate_z]);
  const Vector reset_state = r * load(units.state(), units.count);
  store(units.gate(gate_z), u, units.count);
  if constexpr (Keep) {
    store(units.gate(gate_r), r, units.count);
    store(units.gate(reserve_q), reset_state, units.count);
  } else {
    store(units.gate(gate_r), reset_state, units.count);
  }
}

/// Reset before, second half. The sums are U_n (r * h).
template <bool Keep>
struct CandidateBefore {
  static constexpr int gates = 1;
};

template <bool Keep>
GRU_INLINE void finish(CandidateBefore<Keep>, const UnitBlock& units, const Vector* sums) {
  const Vector n = hyperbolic_tangent(sums[0] + load(units.gate(gate_n), units.count));
  store_output(units, load(units.gate(gate_z), units.count), n);
  if constexpr (Keep) store(units.gate(gate_n), n, units.count);
}

}  // namespace

void forward_after(const ForwardStep& step) { compute(After<false>{}, step, states(step)); }

void forward_after_training(const ForwardStep& step) { compute(After<true>{}, step, states(step)); }

void gates_before(const ForwardStep& step) { compute(GatesBefore<false>{}, step, states(step)); }

void gates_before_training(const ForwardStep& step) {
  compute(GatesBefore<true>{}, step, states(step));
}

void candidate_before(const ForwardStep& step) {
  compute(CandidateBefore<false>{}, step,
          RowMajor{step.gates + gate_r * step.hidden, step.gate_stride});
}

void candidate_before_training(const ForwardStep& step) {
  compute(CandidateBefore<true>{}, step,
          RowMajor{step.gates + reserve_q * step.hidden, step.gate_stride});
}

GRU_KERNELS_END
