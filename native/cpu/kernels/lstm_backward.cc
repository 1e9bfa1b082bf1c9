#include "base/cell.h"
#include "cpu/kernels/activations.h"
#include "cpu/kernels/backward_step.h"
#include "cpu/kernels/kernels.h"

/// The pointwise part of the LSTM's backward: from the gradients of h' and c' to those of the
/// gates' inputs and of c. The product with U that follows is a panel product and gives the
/// gradient of h.
///
///   h' = o tanh(c'):   do = dh' tanh(c')   dc' <- dc' + dh' o (1 - tanh(c')^2)
///   c' = f c + i g:    di = dc' g   df = dc' c   dg = dc' i   dc = dc' f

GRU_KERNELS_BEGIN

namespace {

GRU_INLINE Vector through_sigmoid(Vector gradient, Vector value) {
  return gradient * (value * (broadcast(1.0F) - value));
}

}  // namespace

void backward_lstm(const BackwardStep& step) {
  const std::size_t hidden = step.gate_stride / cell_spec(CellKind::lstm).reserve;
  for_each_block(step, [&](std::size_t row, std::size_t unit, std::size_t count) {
    float* gates = step.gates + row * step.gate_stride + unit;
    float* d_cell = step.d_cell + row * step.d_cell_stride + unit;
    const Vector i = load(gates + gate_i * hidden, count);
    const Vector f = load(gates + gate_f * hidden, count);
    const Vector g = load(gates + gate_g * hidden, count);
    const Vector o = load(gates + gate_o * hidden, count);
    const Vector t = hyperbolic_tangent(load(gates + reserve_c * hidden, count));
    const Vector c = load(step.state + row * step.state_stride + unit, count);
    const Vector d_h = state_gradient(step, row, unit, count);
    // All loads come first: a partial one is a branch, across which compilers do not fuse a
    // product and a sum.
    const Vector d_next = load(d_cell, count);
    const Vector d_c = (d_h * o) * (broadcast(1.0F) - t * t) + d_next;
    store(d_cell, d_c * f, count);
    store(gates + gate_i * hidden, through_sigmoid(d_c * g, i), count);
    store(gates + gate_f * hidden, through_sigmoid(d_c * c, f), count);
    store(gates + gate_g * hidden, (d_c * i) * (broadcast(1.0F) - g * g), count);
    store(gates + gate_o * hidden, through_sigmoid(d_h * t, o), count);
  });
}

GRU_KERNELS_END
