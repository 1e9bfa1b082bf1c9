#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "reference/algebra.h"

/// What the cells share.
namespace gru::reference {

/// Where the gradients of a cell's parameters are added up; G is CellSpec::gates times H.
struct CellGradients {
  Gradients weight_ih;  // [G, I]
  Gradients weight_hh;  // [G, H]
  Gradients bias_ih;    // [G], or empty
  Gradients bias_hh;    // [G], or empty
};

/// The state that one step passes to the next, or its gradient, each [H]; c is empty if the cell
/// has none.
struct State {
  std::vector<double> h;
  std::vector<double> c;
};

inline double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

}  // namespace gru::reference
