#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "base/cell.h"
#include "reference/cell.h"

/// One step of one sequence through a GRU: the equations, forward and backward side by side.
namespace gru::reference {

/// The parameters of one direction of one layer. Rows stack in the order r, z, n.
struct GruCell {
  CellVariant variant;
  std::size_t hidden_size = 0;
  Values weight_ih;  // [3H, I]
  Values weight_hh;  // [3H, H]
  Values bias_ih;    // [3H], or empty
  Values bias_hh;    // [3H], or empty
};

/// What one step keeps for backward, each [H].
struct GruActivations {
  State before;
  std::vector<double> r;
  std::vector<double> z;
  std::vector<double> n;
  std::vector<double> q;
};

/// The rows of the gates [first, first + count) of a stacked weight, or of a bias, which may be
/// empty.
template <class Span>
Span gate_rows(Span stacked, std::size_t first, std::size_t count) {
  const std::size_t gate = stacked.size() / gate_count;
  return stacked.subspan(first * gate, count * gate);
}

/// The vector that U_n multiplies: h with the reset gate after the product, r * h with it before.
inline std::vector<double> candidate_operand(ResetGate reset, const GruActivations& step) {
  std::vector<double> operand = step.before.h;
  if (reset == ResetGate::before) {
    for (std::size_t j = 0; j < operand.size(); ++j) operand[j] *= step.r[j];
  }
  return operand;
}

/// Computes the new state from x [I] and step.before; fills in the rest of `step`.
inline State cell_forward(const GruCell& cell, Values x, GruActivations& step) {
  const std::size_t H = cell.hidden_size;
  step.r.resize(H);
  step.z.resize(H);
  step.n.resize(H);

  // W x + b_i of all three gates [3H]; U h + b_h of r and z [2H]
  const std::vector<double> ih = affine(cell.weight_ih, cell.bias_ih, x, gate_count * H);
  const std::vector<double> hh = affine(gate_rows(cell.weight_hh, gate_r, 2),
                                        gate_rows(cell.bias_hh, gate_r, 2), step.before.h, 2 * H);
  for (std::size_t j = 0; j < H; ++j) {
    step.r[j] = sigmoid(ih[gate_r * H + j] + hh[gate_r * H + j]);
    step.z[j] = sigmoid(ih[gate_z * H + j] + hh[gate_z * H + j]);
  }

  // q = U_n h + b_hn, or U_n (r * h) + b_hn
  step.q = affine(gate_rows(cell.weight_hh, gate_n, 1), gate_rows(cell.bias_hh, gate_n, 1),
                  candidate_operand(cell.variant.reset, step), H);
  for (std::size_t j = 0; j < H; ++j) {
    const double hidden =
        cell.variant.reset == ResetGate::after ? step.r[j] * step.q[j] : step.q[j];
    step.n[j] = std::tanh(ih[gate_n * H + j] + hidden);
  }

  State next{std::vector<double>(H), {}};
  for (std::size_t j = 0; j < H; ++j) {
    const double h = step.before.h[j];
    const double z = step.z[j];
    const double n = step.n[j];
    next.h[j] =
        cell.variant.update == UpdateGate::retain ? z * h + (1 - z) * n : (1 - z) * h + z * n;
  }
  return next;
}

/// Computes the gradient of step.before from that of the state after the step. Adds the gradients
/// of x [I] and of the parameters.
inline State cell_backward(const GruCell& cell, Values x, const GruActivations& step,
                           const State& d_next, Gradients d_x, const CellGradients& d_cell) {
  const std::size_t H = cell.hidden_size;
  std::vector<double> d_h(H);
  std::vector<double> d_ih(gate_count * H);  // of W x + b_i: da_r, da_z, da_n
  std::vector<double> d_hh(gate_count * H);  // of U h + b_h: da_r, da_z, dq

  // h' = z h + (1 - z) n, or (1 - z) h + z n;  n = tanh(a_n), a_n = ... + r q or ... + q
  for (std::size_t j = 0; j < H; ++j) {
    const double h = step.before.h[j];
    const double z = step.z[j];
    const double n = step.n[j];
    const bool retain = cell.variant.update == UpdateGate::retain;
    const double dz = d_next.h[j] * (retain ? h - n : n - h);
    const double dn = d_next.h[j] * (retain ? 1 - z : z);
    d_h[j] = d_next.h[j] * (retain ? z : 1 - z);

    const double da_z = dz * z * (1 - z);
    const double da_n = dn * (1 - n * n);
    d_ih[gate_z * H + j] = d_hh[gate_z * H + j] = da_z;
    d_ih[gate_n * H + j] = da_n;
    d_hh[gate_n * H + j] = cell.variant.reset == ResetGate::after ? da_n * step.r[j] : da_n;
  }

  // q = U_n operand + b_hn, operand = h or r h
  const Values dq = gate_rows(Values(d_hh), gate_n, 1);
  std::vector<double> d_operand(H, 0.0);
  add_transposed_product(gate_rows(cell.weight_hh, gate_n, 1), dq, d_operand);
  for (std::size_t j = 0; j < H; ++j) {
    double dr = 0;
    if (cell.variant.reset == ResetGate::after) {
      dr = d_ih[gate_n * H + j] * step.q[j];
      d_h[j] += d_operand[j];
    } else {
      dr = d_operand[j] * step.before.h[j];
      d_h[j] += d_operand[j] * step.r[j];
    }
    const double da_r = dr * step.r[j] * (1 - step.r[j]);
    d_ih[gate_r * H + j] = d_hh[gate_r * H + j] = da_r;
  }

  // r, z = sigmoid(W x + b_i + U h + b_h)
  const Values da_rz = gate_rows(Values(d_hh), gate_r, 2);
  add_transposed_product(gate_rows(cell.weight_hh, gate_r, 2), da_rz, d_h);
  add_transposed_product(cell.weight_ih, d_ih, d_x);

  add_outer_product(d_ih, x, d_cell.weight_ih);
  add_outer_product(da_rz, step.before.h, gate_rows(d_cell.weight_hh, gate_r, 2));
  add_outer_product(dq, candidate_operand(cell.variant.reset, step),
                    gate_rows(d_cell.weight_hh, gate_n, 1));
  add(d_ih, d_cell.bias_ih);
  add(d_hh, d_cell.bias_hh);
  return {d_h, {}};
}

}  // namespace gru::reference
