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

GRU_INLINE Vector reset_gate(const Place& at, Vector sum) {
  return sigmoid(load(at.gate(gate_r), at.count) + sum);
}

GRU_INLINE Vector retain_weight(const Place& at, Vector sum) {
  return sigmoid((load(at.gate(gate_z), at.count) + sum) * broadcast(at.step.update_sign));
}

GRU_INLINE void store_output(const Place& at, Vector u, Vector n) {
  const Vector h = load(at.state(), at.count);
  store(at.output(), u * (h - n) + n, at.count);
}

// What a tile does with its sums, which are U h of `gates` gates of one block. Training keeps what
// backward needs.

template <bool Keep>
struct After {
  static constexpr int gates = 3;
};

template <bool Keep>
GRU_INLINE void finish(After<Keep>, const Place& at, const Vector* sums) {
  const Vector r = reset_gate(at, sums[gate_r]);
  const Vector u = retain_weight(at, sums[gate_z]);
  const Vector q = sums[gate_n] + load(at.step.bias + at.unit);  // padded to full vectors
  const Vector n = hyperbolic_tangent(r * q + load(at.gate(gate_n), at.count));
  store_output(at, u, n);
  if constexpr (Keep) {
    store(at.gate(gate_r), r, at.count);
    store(at.gate(gate_z), u, at.count);
    store(at.gate(gate_n), n, at.count);
    store(at.gate(reserve_q), q, at.count);
  }
}

/// Reset before, first half. Inference writes r * h where r's input was.
template <bool Keep>
struct GatesBefore {
  static constexpr int gates = 2;
};

template <bool Keep>
GRU_INLINE void finish(GatesBefore<Keep>, const Place& at, const Vector* sums) {
  const Vector r = reset_gate(at, sums[gate_r]);
  const Vector u = retain_weight(at, sums[gate_z]);
  const Vector reset_state = r * load(at.state(), at.count);
  store(at.gate(gate_z), u, at.count);
  if constexpr (Keep) {
    store(at.gate(gate_r), r, at.count);
    store(at.gate(reserve_q), reset_state, at.count);
  } else {
    store(at.gate(gate_r), reset_state, at.count);
  }
}

/// Reset before, second half. The sums are U_n (r * h).
template <bool Keep>
struct CandidateBefore {
  static constexpr int gates = 1;
};

template <bool Keep>
GRU_INLINE void finish(CandidateBefore<Keep>, const Place& at, const Vector* sums) {
  const Vector n = hyperbolic_tangent(sums[0] + load(at.gate(gate_n), at.count));
  store_output(at, load(at.gate(gate_z), at.count), n);
  if constexpr (Keep) store(at.gate(gate_n), n, at.count);
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
