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
    // The sum is in double, where squares of floats cannot overflow.
    if (!std::isfinite(kernels().sum_of_squares(row, matrix.columns()))) return false;
  }
  return true;
}

/// For each row the state before it, h of the step before: a row of the output or of the initial
/// state.
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

  /// The rows at one end of the batch that begin with the initial state. These are all such rows,
  /// except in the reverse direction of a ragged batch, where some sequences begin at other steps.
  Range initial_rows() const {
    const std::size_t last = map_.first(map_.steps() - 1);
    return reverse_ ? Range{last, map_.rows()} : Range{0, map_.batch_size(0)};
  }

 private:
  DeviceMatrix<const float> rows_of_dense(std::size_t row) const {
    const Range first = initial_rows();
    if (row >= first.begin && row < first.end) {
      return initial_.row_range(row - first.begin, first.end - row);
    }
    // All other states are in the same order as the rows, one step away.
    const std::size_t batch = map_.batch();
    return reverse_ ? output_.row_range(row + batch, first.begin - row)
                    : output_.row_range(row - batch, map_.rows() - row);
  }

  DeviceMatrix<const float> rows_of_step(std::size_t row) const {
    const std::span<const std::size_t> first = map_.first();
    const auto after = std::upper_bound(first.begin(), first.end(), row);
    const auto time = static_cast<std::size_t>(after - first.begin()) - 1;
    const std::size_t within = row - first[time];
    const std::size_t s = recurrence_.time(time);  // the function is its own inverse
    DeviceMatrix<const float> rows;
    recurrence_.for_each_state(s, {within, map_.batch_size(time)}, [&](const StateRows& state) {
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
        plan_(weights.plan()),
        call_(call),
        hidden_(weights.shape().hidden_size),
        inputs_(call.input),
        states_(call, initial_state, hidden_),
        reset_states_(slots(reserve_q, reserve_q + 1)),
        scratch_(scratch),
        products_(products) {}

  Status run() {
    GRU_RETURN_IF_ERROR(input_gradient());
    const std::size_t width = plan_.gradient_slots * hidden_;
    const bool biased = !call_.gradients.bias_ih.empty();
    GRU_RETURN_IF_ERROR(scratch_.bias_sums.reserve(biased ? width : 0));
    GRU_RETURN_IF_ERROR(weight_gradients(biased ? scratch_.bias_sums.data() : nullptr));
    if (biased) copy_bias_gradients();
    return {};
  }

 private:
  /// Slots first..end of the reserve, for every row.
  DeviceMatrix<const float> slots(std::size_t first, std::size_t end) const {
    const std::size_t stride = weights_.shape().spec().reserve * hidden_;
    return {call_.reserve.data() + first * hidden_, call_.map->rows(), (end - first) * hidden_,
            stride};
  }

  Status input_gradient() const {
    if (call_.d_input.empty()) return {};
    const DeviceMatrix<const float> a = slots(0, weights_.shape().spec().gates);
    const ProductRows rows{a.data(), a.stride(), call_.d_input.data(), call_.d_input.stride(),
                           a.rows()};
    const double operations = operations_of(a.rows(), call_.d_input.columns(), a.columns());
    parallel(threads_for(operations), [&](unsigned index, Team& team) {
      multiply_share(rows, weights_.d_input(), {.accumulate = call_.add_to_d_input}, index,
                     team.size());
    });
    return {};
  }

  /// A slot of the reserve, transposed, times a factor gives the gradient of one gate of a weight.
  TransposedTerm product_of(const GradientTerm& term, Range counting) const {
    const std::size_t rows = weights_.shape().spec().gates * hidden_;
    const DeviceSpan<float> gradient =
        term.factor == inputs ? call_.gradients.weight_ih : call_.gradients.weight_hh;
    const std::size_t columns = gradient.size() / rows;
    const DeviceMatrix<float> all(gradient.data(), rows, columns, columns);
    return {{term.slot * hidden_, (term.slot + 1) * hidden_},
            term.factor == states ? counting : Range{0, call_.map->rows()},
            term.factor,
            all.row_range(term.gate * hidden_, hidden_)};
  }

  Status weight_gradients(float* column_sums) {
    const std::array<const RightFactor*, factor_count> factors{&inputs_, &states_, &reset_states_};
    const Range counting = depth_of_states();
    std::array<TransposedTerm, max_terms> products;
    std::size_t used = 0;  // number of factors; the last ones may be unused
    for (std::size_t i = 0; i < plan_.terms.size(); ++i) {
      products[i] = product_of(plan_.terms[i], counting);
      used = std::max(used, plan_.terms[i].factor + std::size_t{1});
    }
    return multiply_transposed({slots(0, plan_.gradient_slots), std::span(factors).first(used),
                                std::span(products).first(plan_.terms.size()), column_sums},
                               products_);
  }

  /// The rows whose previous state changes the sums. A state of zero changes a sum only if the
  /// other factor is not finite.
  Range depth_of_states() const {
    const Range first = states_.initial_rows();
    const Range rest = call_.reverse ? Range{0, first.begin} : Range{first.end, call_.map->rows()};
    const bool adds_nothing =
        call_.initial_state.empty() && rest.begin < rest.end &&
        is_finite(slots(0, plan_.gradient_slots).row_range(first.begin, first.end - first.begin));
    return adds_nothing ? rest : Range{0, call_.map->rows()};
  }

  void copy_bias_gradients() const {
    const float* sums = scratch_.bias_sums.data();
    for (const GradientTerm& term : plan_.terms) {
      const DeviceSpan<float> bias =
          term.factor == inputs ? call_.gradients.bias_ih : call_.gradients.bias_hh;
      std::memcpy(bias.data() + term.gate * hidden_, sums + term.slot * hidden_,
                  hidden_ * sizeof(float));
    }
  }

  const CpuRecurrentWeights& weights_;
  const CellPlan& plan_;
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
