#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/size.h"
#include "base/status.h"

/// What the reference files share: row-major matrices, three products, and the check of a size.
namespace gru::reference {

using Values = std::span<const double>;
using Gradients = std::span<double>;

/// `values` must have `expected` elements; `formula` names the factors of that number.
inline Status check_count(const char* name, const char* formula, CheckedSize expected,
                          std::size_t got) {
  const auto count = expected.elements();
  if (!count) {
    return Status::shape(std::string(name) + ": expected " + formula + " of at most " +
                         max_elements_name + " values, got sizes beyond it");
  }
  if (*count == got) return {};
  return Status::shape(std::string(name) + ": expected " + formula + " = " +
                       std::to_string(*count) + " values, got " + std::to_string(got) + " values");
}

/// As check_count, for an argument that may be empty.
inline Status check_optional_count(const char* name, const char* formula, CheckedSize expected,
                                   std::size_t got) {
  return got == 0 ? Status() : check_count(name, formula, expected, got);
}

/// y <- y + W x: `weight` [rows, columns], `x` [columns], `y` [rows].
inline void add_product(Values weight, Values x, Gradients y) {
  for (std::size_t row = 0; row < y.size(); ++row) {
    for (std::size_t column = 0; column < x.size(); ++column) {
      y[row] += weight[row * x.size() + column] * x[column];
    }
  }
}

/// x <- x + W^T y: passes the gradient y of a product W x on to x.
inline void add_transposed_product(Values weight, Values y, Gradients x) {
  for (std::size_t row = 0; row < y.size(); ++row) {
    for (std::size_t column = 0; column < x.size(); ++column) {
      x[column] += weight[row * x.size() + column] * y[row];
    }
  }
}

/// W <- W + y x^T: passes the gradient y of a product W x on to W.
inline void add_outer_product(Values y, Values x, Gradients weight) {
  for (std::size_t row = 0; row < y.size(); ++row) {
    for (std::size_t column = 0; column < x.size(); ++column) {
      weight[row * x.size() + column] += y[row] * x[column];
    }
  }
}

/// y <- y + x. Also adds up the gradient of a bias.
inline void add(Values x, Gradients y) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += x[i];
}

/// W x + b: `weight` [rows, columns], `bias` [rows], or empty: no bias.
inline std::vector<double> affine(Values weight, Values bias, Values x, std::size_t rows) {
  std::vector<double> y(rows, 0.0);
  if (!bias.empty()) add(bias, y);
  add_product(weight, x, y);
  return y;
}

}  // namespace gru::reference
