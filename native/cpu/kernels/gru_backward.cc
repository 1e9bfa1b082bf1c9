#include "base/cell.h"
#include "cpu/kernels/backward_step.h"
#include "cpu/kernels/kernels.h"

/// The pointwise part of the GRU's backward: from the gradient of h' to those of the gates' inputs.
/// The products with U that follow are panel products. u is as in the forward kernels:
///
///   h' = n + u (h - n):  du = dh' (h - n)   dn = dh' (1 - u)   dh <- dh' u
///   da_z = sign * du u (1 - u)              da_n = dn (1 - n^2)
///   reset after,  n = tanh(.. + r q):       da_r = da_n q r (1 - r)      dq = da_n r
///   reset before, n = tanh(.. + U_n (r h)): da_r = d(rh) h r (1 - r)     dh <- dh + d(rh) r
///   with d(rh) = da_n U_n.

GRU_KERNELS_BEGIN

namespace {

/// What both variants of the reset gate share.
struct Shared {
  Vector d_update;     ///< da_z
  Vector d_candidate;  ///< da_n
};

GRU_INLINE Shared shared_part(const BackwardStep& step, const float* gates, std::size_t hidden,
                              std::size_t row, std::size_t unit, std::size_t count) {
  const Vector one = broadcast(1.0F);
  float* d_state = step.d_state + row * step.d_state_stride + unit;
  const Vector d_h = state_gradient(step, row, unit, count);
  const Vector u = load(gates + gate_z * hidden, count);
  const Vector n = load(gates + gate_n * hidden, count);
  const Vector h = load(step.state + row * step.state_stride + unit, count);
  const Vector replaced = one - u;
  store(d_state, d_h * u, count);
  const Vector d_u = d_h * (h - n);
  return {.d_update = d_u * (u * replaced) * broadcast(step.update_sign),
          .d_candidate = (d_h * replaced) * (one - n * n)};
}

}  // namespace

void backward_after(const BackwardStep& step) {
  const std::size_t hidden = step.gate_stride / reserve_gates;
  for_each_block(step, [&](std::size_t row, std::size_t unit, std::size_t count) {
    float* gates = step.gates + row * step.gate_stride + unit;
    const Shared shared = shared_part(step, gates, hidden, row, unit, count);
    const Vector r = load(gates + gate_r * hidden, count);
    const Vector q = load(gates + reserve_q * hidden, count);
    const Vector d_r = shared.d_candidate * q;
    store(gates + gate_r * hidden, d_r * (r * (broadcast(1.0F) - r)), count);
    store(gates + gate_z * hidden, shared.d_update, count);
    store(gates + gate_n * hidden, shared.d_candidate, count);
    store(gates + reserve_q * hidden, shared.d_candidate * r, count);
  });
}

void backward_before(const BackwardStep& step) {
  const std::size_t hidden = step.gate_stride / reserve_gates;
  for_each_block(step, [&](std::size_t row, std::size_t unit, std::size_t count) {
    float* gates = step.gates + row * step.gate_stride + unit;
    const Shared shared = shared_part(step, gates, hidden, row, unit, count);
    store(gates + gate_z * hidden, shared.d_update, count);
    store(gates + gate_n * hidden, shared.d_candidate, count);
  });
}

void backward_before_reset(const BackwardStep& step) {
  const std::size_t hidden = step.gate_stride / reserve_gates;
  for_each_block(step, [&](std::size_t row, std::size_t unit, std::size_t count) {
    float* r_slot = step.gates + row * step.gate_stride + gate_r * hidden + unit;
    float* d_state = step.d_state + row * step.d_state_stride + unit;
    const Vector d_reset = load(step.d_reset_state + row * step.d_reset_state_stride + unit, count);
    const Vector h = load(step.state + row * step.state_stride + unit, count);
    const Vector r = load(r_slot, count);
    store(d_state, d_reset * r + load(d_state, count), count);
    store(r_slot, (d_reset * h) * (r * (broadcast(1.0F) - r)), count);
  });
}

GRU_KERNELS_END
