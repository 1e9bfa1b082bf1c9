#include "cpu/recurrence/gradient_products.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "cpu/products/gemm.h"
#include "cpu/recurrence/recurrence.h"

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

/// Each row's state before it, h of the step before: rows of the output and of the initial state.
class PreviousStates final : public RightFactor {
 public:
  PreviousStates(const RecurrentBackward& call, const float* initial_state, std::size_t hidden)
      : map_(*call.map),
        reverse_(call.reverse),
        output_(call.output),
        initial_(initial_state, map_.batch(), hidden, hidden),
        recurrence_(map_, call.reverse, initial_state, call.output.data(), call.output.stride(),
                    hidden) {}

  std::size_t columns() const override { return initial_.columns(); }

  DeviceMatrix<const float> rows_from(std::size_t row) const override {
    return map_.is_dense() ? rows_of_dense(row) : rows_of_step(row);
  }

  /// The rows at an end that begin with the initial state: all that do, but in the reverse
  /// direction of a ragged batch, where other sequences begin at other steps.
  Range initial_rows() const {
    const std::size_t last = map_.first(map_.steps() - 1);
    return reverse_ ? Range{last, map_.rows()} : Range{0, map_.active(0)};
  }

 private:
  DeviceMatrix<const float> rows_of_dense(std::size_t row) const {
    const Range first = initial_rows();
    if (row >= first.begin && row < first.end) {
      return initial_.row_range(row - first.begin, first.end - row);
    }
    // All other states lie as their rows do, a step away.
    const std::size_t batch = map_.batch();
    return reverse_ ? output_.row_range(row + batch, first.begin - row)
                    : output_.row_range(row - batch, map_.rows() - row);
  }

  DeviceMatrix<const float> rows_of_step(std::size_t row) const {
    const std::span<const std::size_t> first = map_.first();
    const auto after = std::upper_bound(first.begin(), first.end(), row);
    const auto time = static_cast<std::size_t>(after - first.begin()) - 1;
    const std::size_t within = row - first[time];
    const std::size_t s = recurrence_.time(time);  // which is its own inverse
    DeviceMatrix<const float> rows;
    recurrence_.for_each_state(s, {within, map_.active(time)}, [&](const StateRows& state) {
      if (state.first == within) rows = {state.state, state.count, columns(), state.stride};
    });
    return rows;
  }

  const RowMap& map_;
  bool reverse_;
  DeviceMatrix<const float> output_;
  DeviceMatrix<const float> initial_;
  Recurrence recurrence_;
};

/// dx = dG W, dW = dG^T x, dU = dG^T h, and the bias sums.
class GradientProducts {
 public:
  GradientProducts(const CpuRecurrentWeights& weights, const RecurrentBackward& call,
                   const float* initial_state, RecurrenceScratch& scratch,
                   TransposedScratch& products)
      : weights_(weights),
        call_(call),
        hidden_(weights.shape().hidden_size),
        inputs_(call.input),
        states_(call, initial_state, hidden_),
        reset_states_(gates(reserve_q, reserve_gates)),
        scratch_(scratch),
        products_(products) {}

  Status run() {
    GRU_RETURN_IF_ERROR(input_gradient());
    const std::size_t width = reserve_gates * hidden_;
    const bool biased = !call_.gradients.bias_ih.empty();
    GRU_RETURN_IF_ERROR(scratch_.bias_sums.reserve(biased ? width : 0));
    GRU_RETURN_IF_ERROR(weight_gradients(biased ? scratch_.bias_sums.data() : nullptr));
    if (biased) copy_bias_gradients();
    return {};
  }

 private:
  /// Gates first..end of every row's reserve.
  DeviceMatrix<const float> gates(std::size_t first, std::size_t end) const {
    const std::size_t stride = reserve_gates * hidden_;
    return {call_.reserve.data() + first * hidden_, call_.map->rows(), (end - first) * hidden_,
            stride};
  }

  Status input_gradient() const {
    if (call_.d_input.empty()) return {};
    const DeviceMatrix<const float> a = gates(0, gate_count);
    const ProductRows rows{a.data(), a.stride(), call_.d_input.data(), call_.d_input.stride(),
                           a.rows()};
    const double operations = operations_of(a.rows(), call_.d_input.columns(), a.columns());
    parallel(threads_for(operations), [&](unsigned index, Team& team) {
      multiply_share(rows, weights_.d_input(), nullptr, call_.add_to_d_input, index, team.size());
    });
    return {};
  }

  enum Factor : std::size_t { inputs, states, reset_states };

  /// Gate `gate` of the reserve, transposed, times a factor, to gate `row` of a weight's gradient.
  TransposedTerm term(std::size_t gate, Factor factor, Range depth, DeviceSpan<float> gradient,
                      std::size_t row) const {
    const std::size_t columns = gradient.size() / (gate_count * hidden_);
    const DeviceMatrix<float> all(gradient.data(), gate_count * hidden_, columns, columns);
    return {{gate * hidden_, (gate + 1) * hidden_},
            depth,
            factor,
            all.row_range(row * hidden_, hidden_)};
  }

  Status weight_gradients(float* column_sums) {
    const std::array<const RightFactor*, max_factors> factors{&inputs_, &states_, &reset_states_};
    const DeviceSpan<float> d_w = call_.gradients.weight_ih;
    const DeviceSpan<float> d_u = call_.gradients.weight_hh;
    const bool after = weights_.reset_after();
    const Range all{0, call_.map->rows()};
    const Range counting = depth_of_states();
    const std::array<TransposedTerm, 6> terms{term(gate_r, inputs, all, d_w, gate_r),
                                              term(gate_r, states, counting, d_u, gate_r),
                                              term(gate_z, inputs, all, d_w, gate_z),
                                              term(gate_z, states, counting, d_u, gate_z),
                                              term(gate_n, inputs, all, d_w, gate_n),
                                              after ? term(reserve_q, states, counting, d_u, gate_n)
                                                    : term(gate_n, reset_states, all, d_u, gate_n)};
    return multiply_transposed(
        {gates(0, reserve_gates), std::span(factors).first(after ? 2 : 3), terms, column_sums},
        products_);
  }

  /// Rows whose previous state counts: zeros add nothing to a sum, but to what isn't finite.
  Range depth_of_states() const {
    const Range first = states_.initial_rows();
    const Range rest = call_.reverse ? Range{0, first.begin} : Range{first.end, call_.map->rows()};
    const bool adds_nothing =
        call_.initial_state.empty() && rest.begin < rest.end &&
        is_finite(gates(0, reserve_gates).row_range(first.begin, first.end - first.begin));
    return adds_nothing ? rest : Range{0, call_.map->rows()};
  }

  void copy_bias_gradients() const {
    const float* sums = scratch_.bias_sums.data();
    const std::size_t gate_bytes = hidden_ * sizeof(float);
    float* d_bias_ih = call_.gradients.bias_ih.data();
    float* d_bias_hh = call_.gradients.bias_hh.data();
    std::memcpy(d_bias_ih, sums, gate_count * gate_bytes);
    std::memcpy(d_bias_hh, sums, gate_n * gate_bytes);
    const std::size_t recurrent = weights_.reset_after() ? reserve_q : std::size_t{gate_n};
    std::memcpy(d_bias_hh + gate_n * hidden_, sums + recurrent * hidden_, gate_bytes);
  }

  const CpuRecurrentWeights& weights_;
  const RecurrentBackward& call_;
  std::size_t hidden_;
  MatrixFactor inputs_;
  PreviousStates states_;
  MatrixFactor reset_states_;
  RecurrenceScratch& scratch_;
  TransposedScratch& products_;
};

}  // namespace

Status multiply_gradients(const CpuRecurrentWeights& weights, const RecurrentBackward& call,
                          const float* initial_state, RecurrenceScratch& scratch,
                          TransposedScratch& products) {
  return GradientProducts(weights, call, initial_state, scratch, products).run();
}

}  // namespace gru::cpu
