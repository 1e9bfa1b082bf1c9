#include "cpu/gradient_products.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/pointwise.h"
#include "cpu/recurrence.h"

namespace gru::cpu {

namespace {

bool is_finite(DeviceMatrix<const float> matrix) {
  for (std::size_t i = 0; i < matrix.rows(); ++i) {
    const float* row = matrix.data() + i * matrix.stride();
    // The square of a float is far from the largest double.
    if (!std::isfinite(kernels().sum_of_squares(row, matrix.columns()))) return false;
  }
  return true;
}

/// dx = dG W, dW = dG^T x, dU = dG^T h, and the bias sums.
class GradientProducts {
 public:
  GradientProducts(const CpuGruWeights& weights, const GruBackward& call,
                   const float* initial_state, RecurrenceScratch& scratch, ProductScratch& products)
      : weights_(weights),
        call_(call),
        initial_state_(initial_state),
        hidden_(weights.shape().hidden_size),
        scratch_(scratch),
        products_(products) {}

  Status run() {
    GRU_RETURN_IF_ERROR(input_gradient());
    GRU_RETURN_IF_ERROR(weight_gradient(gates(0, gate_count), call_.input,
                                        weight(call_.gradients.weight_ih, 0), false));
    GRU_RETURN_IF_ERROR(recurrent_gradients());
    return bias_gradients();
  }

 private:
  /// Gates first..end of every row's reserve.
  DeviceMatrix<const float> gates(std::size_t first, std::size_t end) const {
    const std::size_t stride = reserve_gates * hidden_;
    return {call_.reserve.data() + first * hidden_, call_.map->rows(), (end - first) * hidden_,
            stride};
  }

  /// Rows of a [3H, columns] gradient from gate `first` on.
  DeviceMatrix<float> weight(DeviceSpan<float> gradient, std::size_t first) const {
    const std::size_t columns = gradient.size() / (gate_count * hidden_);
    return {gradient.data() + first * hidden_ * columns, (gate_count - first) * hidden_, columns,
            columns};
  }

  Status input_gradient() const {
    if (call_.d_input.empty()) return {};
    const DeviceMatrix<const float> a = gates(0, gate_count);
    const ProductRows rows{a.data(), a.stride(), call_.d_input.data(), call_.d_input.stride(),
                           a.rows()};
    const double operations = 2.0 * static_cast<double>(a.rows()) *
                              static_cast<double>(a.columns()) *
                              static_cast<double>(call_.d_input.columns());
    parallel(threads_for(operations), [&](unsigned index, Team& team) {
      multiply_share(rows, weights_.d_input(), nullptr, call_.add_to_d_input, index, team.size());
    });
    return {};
  }

  /// to (+)= gradients^T factor.
  Status weight_gradient(DeviceMatrix<const float> gradients, DeviceMatrix<const float> factor,
                         DeviceMatrix<float> to, bool accumulate) {
    Gemm product;
    product.transpose_a = Transpose::yes;
    product.a = gradients;
    product.b = factor;
    product.c = to.row_range(0, gradients.columns());
    product.accumulate = accumulate;
    return multiply(product, products_);
  }

  Status recurrent_gradients() {
    const DeviceSpan<float> gradient = call_.gradients.weight_hh;
    if (weights_.reset_after()) {
      GRU_RETURN_IF_ERROR(state_gradient(gates(0, gate_n), weight(gradient, 0)));
      return state_gradient(gates(reserve_q, reserve_gates), weight(gradient, gate_n));
    }
    GRU_RETURN_IF_ERROR(state_gradient(gates(0, gate_n), weight(gradient, 0)));
    return weight_gradient(gates(gate_n, gate_count), gates(reserve_q, reserve_gates),
                           weight(gradient, gate_n), false);
  }

  /// to = sum over rows of gradients^T times the state before the row.
  Status state_gradient(DeviceMatrix<const float> gradients, DeviceMatrix<float> to) {
    const RowMap& map = *call_.map;
    if (!map.is_dense()) {
      GRU_RETURN_IF_ERROR(gather_states());
      return weight_gradient(gradients, {scratch_.states.data(), map.rows(), hidden_, hidden_}, to,
                             false);
    }
    // Of a dense batch the states before the rows are the rows one step off, and the initial state.
    const std::size_t batch = map.batch();
    const std::size_t rest = map.rows() - std::min(batch, map.rows());
    const std::size_t begin = call_.reverse ? rest : 0;
    const std::size_t first = call_.reverse ? 0 : batch;
    // Zeros add nothing to a sum, but to what isn't finite.
    const DeviceMatrix<const float> at_start = gradients.row_range(begin, batch);
    const bool adds_nothing = rest > 0 && call_.initial_state.empty() && is_finite(at_start);
    if (!adds_nothing) {
      const DeviceMatrix<const float> initial(initial_state_, batch, hidden_, hidden_);
      GRU_RETURN_IF_ERROR(weight_gradient(at_start, initial, to, false));
    }
    if (rest == 0) return {};
    return weight_gradient(gradients.row_range(first, rest),
                           call_.output.row_range(call_.reverse ? batch : 0, rest), to,
                           !adds_nothing);
  }

  Status gather_states() {
    const RowMap& map = *call_.map;
    GRU_RETURN_IF_ERROR(scratch_.states.reserve(CheckedSize(map.rows()) * hidden_));
    const Recurrence recurrence(map, call_.reverse, initial_state_, call_.output.data(),
                                call_.output.stride(), hidden_);
    for (std::size_t s = 0; s < recurrence.steps(); ++s) {
      recurrence.for_each_state(s, {0, map.batch()}, [&](const StateRows& rows) {
        float* to = scratch_.states.data() + (recurrence.first_row(s) + rows.first) * hidden_;
        for (std::size_t i = 0; i < rows.count; ++i) {
          std::memcpy(to + i * hidden_, rows.state + i * rows.stride, hidden_ * sizeof(float));
        }
      });
    }
    return {};
  }

  Status bias_gradients() {
    if (call_.gradients.bias_ih.empty()) return {};
    const std::size_t width = reserve_gates * hidden_;
    GRU_RETURN_IF_ERROR(scratch_.bias_sums.reserve(width));
    float* sums = scratch_.bias_sums.data();
    column_sums(sums, gates(0, reserve_gates));
    const std::size_t gate_bytes = hidden_ * sizeof(float);
    float* d_bias_ih = call_.gradients.bias_ih.data();
    float* d_bias_hh = call_.gradients.bias_hh.data();
    std::memcpy(d_bias_ih, sums, gate_count * gate_bytes);
    std::memcpy(d_bias_hh, sums, gate_n * gate_bytes);
    const std::size_t recurrent = weights_.reset_after() ? reserve_q : std::size_t{gate_n};
    std::memcpy(d_bias_hh + gate_n * hidden_, sums + recurrent * hidden_, gate_bytes);
    return {};
  }

  const CpuGruWeights& weights_;
  const GruBackward& call_;
  const float* initial_state_;
  std::size_t hidden_;
  RecurrenceScratch& scratch_;
  ProductScratch& products_;
};

}  // namespace

Status multiply_gradients(const CpuGruWeights& weights, const GruBackward& call,
                          const float* initial_state, RecurrenceScratch& scratch,
                          ProductScratch& products) {
  return GradientProducts(weights, call, initial_state, scratch, products).run();
}

}  // namespace gru::cpu
