#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "base/cell.h"
#include "reference/cell.h"

/// One step of one sequence through an LSTM: the equations, forward and backward side by side.
namespace gru::reference {

/// The parameters of one direction of one layer. Rows stack in the order i, f, g, o.
struct LstmCell {
  std::size_t hidden_size = 0;
  Values weight_ih;  // [4H, I]
  Values weight_hh;  // [4H, H]
  Values bias_ih;    // [4H], or empty
  Values bias_hh;    // [4H], or empty
};

/// What one step keeps for backward, each [H].
struct LstmActivations {
  State before;
  std::vector<double> i;
  std::vector<double> f;
  std::vector<double> g;
  std::vector<double> o;
  std::vector<double> c;  // the cell state after the step
};

/// Computes the new states from x [I] and step.before; fills in the rest of `step`.
inline State cell_forward(const LstmCell& cell, Values x, LstmActivations& step) {
  const std::size_t H = cell.hidden_size;
  const std::size_t gates = cell_spec(CellKind::lstm).gates * H;
  // W x + b_i + U h + b_h of all four gates [4H]
  std::vector<double> a = affine(cell.weight_ih, cell.bias_ih, x, gates);
  add(affine(cell.weight_hh, cell.bias_hh, step.before.h, gates), a);

  State next;
  for (std::size_t j = 0; j < H; ++j) {
    step.i.push_back(sigmoid(a[gate_i * H + j]));
    step.f.push_back(sigmoid(a[gate_f * H + j]));
    step.g.push_back(std::tanh(a[gate_g * H + j]));
    step.o.push_back(sigmoid(a[gate_o * H + j]));
    step.c.push_back(step.f[j] * step.before.c[j] + step.i[j] * step.g[j]);
    next.h.push_back(step.o[j] * std::tanh(step.c[j]));
  }
  next.c = step.c;
  return next;
}

/// Computes the gradients of step.before from those of the states after the step. Adds the
/// gradients of x [I] and of the parameters.
inline State cell_backward(const LstmCell& cell, Values x, const LstmActivations& step,
                           const State& d_next, Gradients d_x, const CellGradients& d_cell) {
  const std::size_t H = cell.hidden_size;
  State d_before{std::vector<double>(H), std::vector<double>(H)};
  std::vector<double> da(cell_spec(CellKind::lstm).gates * H);  // da_i, da_f, da_g, da_o

  // h' = o tanh(c'), c' = f c + i g
  for (std::size_t j = 0; j < H; ++j) {
    const double i = step.i[j];
    const double f = step.f[j];
    const double g = step.g[j];
    const double o = step.o[j];
    const double t = std::tanh(step.c[j]);
    const double dc = d_next.c[j] + d_next.h[j] * o * (1 - t * t);
    da[gate_i * H + j] = dc * g * i * (1 - i);
    da[gate_f * H + j] = dc * step.before.c[j] * f * (1 - f);
    da[gate_g * H + j] = dc * i * (1 - g * g);
    da[gate_o * H + j] = d_next.h[j] * t * o * (1 - o);
    d_before.c[j] = dc * f;
  }

  // a = W x + b_i + U h + b_h
  add_transposed_product(cell.weight_hh, da, d_before.h);
  add_transposed_product(cell.weight_ih, da, d_x);
  add_outer_product(da, x, d_cell.weight_ih);
  add_outer_product(da, step.before.h, d_cell.weight_hh);
  add(da, d_cell.bias_ih);
  add(da, d_cell.bias_hh);
  return d_before;
}

}  // namespace gru::reference
