#pragma once

#include "cpu/kernels/kernels.h"

/// Shared by the cells' pointwise backward kernels.

GRU_KERNELS_BEGIN

namespace {

template <class Body>
GRU_INLINE void for_each_block(const BackwardStep& step, const Body& body) {
  for (std::size_t row = 0; row < step.rows; ++row) {
    for (std::size_t unit = step.first_unit; unit < step.end_unit; unit += lanes) {
      body(row, unit, minimum(lanes, step.end_unit - unit));
    }
  }
}

/// The gradient of h' [count]: the part from the steps after, plus the part from the output.
GRU_INLINE Vector state_gradient(const BackwardStep& step, std::size_t row, std::size_t unit,
                                 std::size_t count) {
  Vector d_h = load(step.d_state + row * step.d_state_stride + unit, count);
  if (step.d_output != nullptr) {
    d_h += load(step.d_output + row * step.d_output_stride + unit, count);
  }
  return d_h;
}

}  // namespace

GRU_KERNELS_END
