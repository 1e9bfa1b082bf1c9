#include "cpu/gru_backward.h"

#include <algorithm>
#include <cstring>

#include "cpu/pointwise.h"
#include "cpu/recurrence.h"

namespace gru::cpu {

namespace {

/// Steps between two looks at the abort flag.
constexpr std::size_t abort_interval = 8;

/// The walk back through the steps: turns the reserve into the gradients of the gates' inputs, and
/// d_state into the gradient of the initial state. What it leaves are large products.
class BackwardPass {
 public:
  BackwardPass(const CpuGruWeights& weights, const GruBackward& call, const float* initial_state,
               float* d_state, float* d_reset_state, Division division)
      : weights_(weights),
        call_(call),
        hidden_(weights.shape().hidden_size),
        gate_stride_(reserve_gates * hidden_),
        d_state_(d_state),
        d_reset_state_(d_reset_state),
        division_(division),
        recurrence_(*call.map, call.reverse, initial_state, call.output.data(),
                    call.output.stride(), hidden_) {}

  Status run() {
    parallel(division_.threads, [this](unsigned index, Team& team) { work(index, team); });
    return stop_.holds(recurrence_.steps()) ? Status::aborted() : Status();
  }

 private:
  /// What one thread computes of every step.
  struct Share {
    unsigned index;
    Team* team;  ///< of one, after a retreat
    Range sequences;
    Range panels;
    Range units;  ///< of the panels
    bool waits;   ///< other threads compute units of the same sequences
  };

  void work(unsigned index, Team& team) {
    Team alone(1);
    Share share = share_for(index, team);
    const std::size_t steps = recurrence_.steps();
    for (std::size_t done = 0; done < steps; ++done) {
      if (done % abort_interval == 0 && is_stopped(done, share)) return;
      if (share.waits && index == 0 && team.contended()) retreat_.ask(done);
      compute_step(steps - 1 - done, share);
      if (!share.waits || !retreat_.holds(done)) continue;
      team.barrier();  // the last product of this step may still be running elsewhere
      if (index != 0) return;
      share = share_for(0, alone);
    }
  }

  bool is_stopped(std::size_t done, const Share& share) {
    if (share.index == 0 && is_aborted(call_.abort)) stop_.ask(done);
    share.team->barrier();
    return stop_.holds(done);
  }

  Share share_for(unsigned index, Team& team) const {
    const std::size_t panels = kernels().panel_count(hidden_);
    if (division_.by_sequences && team.size() > 1) {
      return {index,       &team,        share_sequences(*call_.map, index, team.size()),
              {0, panels}, {0, hidden_}, false};
    }
    const Range mine = share_of(panels, index, team.size());
    const Range units{kernels().panel_column(mine.begin, hidden_),
                      kernels().panel_column(mine.end, hidden_)};
    return {index, &team, {0, call_.map->batch()}, mine, units, team.size() > 1};
  }

  static void wait(const Share& share) {
    if (share.waits) share.team->barrier();
  }

  void compute_step(std::size_t s, const Share& share) const {
    if (weights_.reset_after()) {
      compute_after(s, share);
    } else {
      compute_before(s, share);
    }
  }

  void compute_after(std::size_t s, const Share& share) const {
    each_state(s, share, kernels().backward_after);
    wait(share);
    // q's gradients lie one gate further than U_n's rows, behind da_n.
    const Range rows = active_rows(s, share);
    multiply(weights_.d_state(), gates_of(s), 0, gate_n * hidden_, d_state_, true, rows, share,
             s % 2 == 1);
    multiply(weights_.d_state(), gates_of(s) + hidden_, gate_n * hidden_, gate_count * hidden_,
             d_state_, true, rows, share, s % 2 == 1);
  }

  void compute_before(std::size_t s, const Share& share) const {
    each_state(s, share, kernels().backward_before);
    wait(share);
    const Range rows = active_rows(s, share);
    multiply(weights_.d_reset_state(), gates_of(s) + gate_n * hidden_, 0, hidden_, d_reset_state_,
             false, rows, share, s % 2 == 1);
    each_state(s, share, kernels().backward_before_reset);
    wait(share);
    multiply(weights_.d_state(), gates_of(s), 0, gate_n * hidden_, d_state_, true, rows, share,
             s % 2 == 1);
  }

  float* gates_of(std::size_t s) const {
    return call_.reserve.data() + recurrence_.first_row(s) * gate_stride_;
  }

  Range active_rows(std::size_t s, const Share& share) const {
    const std::size_t active = recurrence_.active(s);
    return {std::min(share.sequences.begin, active), std::min(share.sequences.end, active)};
  }

  template <class Kernel>
  void each_state(std::size_t s, const Share& share, const Kernel& kernel) const {
    recurrence_.for_each_state(
        s, share.sequences, [&](const StateRows& rows) { kernel(step_of(s, rows, share.units)); });
  }

  BackwardStep step_of(std::size_t s, const StateRows& rows, Range units) const {
    BackwardStep step{};
    step.gates = gates_of(s) + rows.first * gate_stride_;
    step.gate_stride = gate_stride_;
    step.state = rows.state;
    step.state_stride = rows.stride;
    if (!call_.d_output.empty()) {
      step.d_output =
          call_.d_output.data() + (recurrence_.first_row(s) + rows.first) * call_.d_output.stride();
      step.d_output_stride = call_.d_output.stride();
    }
    step.d_state = d_state_ + rows.first * hidden_;
    step.d_state_stride = hidden_;
    step.d_reset_state = d_reset_state_ + rows.first * hidden_;
    step.d_reset_state_stride = hidden_;
    step.update_sign = weights_.update_sign();
    step.rows = rows.count;
    step.first_unit = units.begin;
    step.end_unit = units.end;
    return step;
  }

  /// to[rows, my panels] (+)= gradients[rows, first_k..end_k] times those rows of b.
  void multiply(const PackedMatrix& b, const float* gradients, std::size_t first_k,
                std::size_t end_k, float* to, bool accumulate, Range rows, const Share& share,
                bool descending) const {
    PanelProduct product{};
    product.a = gradients + rows.begin * gate_stride_;
    product.a_stride = gate_stride_;
    product.b = b.data.data();
    product.b_depth = b.depth;
    product.first_k = first_k;
    product.end_k = end_k;
    product.c = to + rows.begin * hidden_;
    product.c_stride = hidden_;
    product.accumulate = accumulate;
    product.rows = rows.end - rows.begin;
    product.columns = hidden_;
    product.first_panel = share.panels.begin;
    product.end_panel = share.panels.end;
    product.descending = descending;
    kernels().panel_product(product);
  }

  const CpuGruWeights& weights_;
  const GruBackward& call_;
  std::size_t hidden_;
  std::size_t gate_stride_;
  float* d_state_;
  float* d_reset_state_;
  Division division_;
  Recurrence recurrence_;
  Agreement stop_;     ///< the call was aborted
  Agreement retreat_;  ///< other processes hold the cores: thread 0 goes on alone
};

/// The products that follow the walk: dx = dG W, dW = dG^T x, dU = dG^T h, and the bias sums.
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
    const DeviceMatrix<const float> initial(initial_state_, batch, hidden_, hidden_);
    GRU_RETURN_IF_ERROR(weight_gradient(gradients.row_range(begin, batch), initial, to, false));
    if (rest == 0) return {};
    return weight_gradient(gradients.row_range(first, rest),
                           call_.output.row_range(call_.reverse ? batch : 0, rest), to, true);
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

/// The gradient of the state after each sequence's last step, where the walk begins.
void start_d_state(const GruBackward& call, float* d_state, std::size_t count) {
  if (count == 0) return;
  if (call.d_final_state.empty()) {
    std::memset(d_state, 0, count * sizeof(float));
  } else {
    std::memcpy(d_state, call.d_final_state.data(), count * sizeof(float));
  }
}

void zero_gradients(const GruTensors<float>& gradients) {
  for (const DeviceSpan<float>& span :
       {gradients.weight_ih, gradients.weight_hh, gradients.bias_ih, gradients.bias_hh}) {
    if (!span.empty()) std::memset(span.data(), 0, span.size() * sizeof(float));
  }
}

}  // namespace

Status gru_backward(CpuGruWeights& weights, const GruBackward& call, RecurrenceScratch& scratch,
                    ProductScratch& products) {
  const std::size_t hidden = weights.shape().hidden_size;
  const std::size_t count = call.map->batch() * hidden;
  const float* initial_state = nullptr;
  GRU_RETURN_IF_ERROR(weights.prepare_backward());
  GRU_RETURN_IF_ERROR(initial_state_of(call.initial_state, count, scratch, initial_state));
  float* d_state = call.d_initial_state.data();
  if (call.d_initial_state.empty()) {
    GRU_RETURN_IF_ERROR(scratch.d_state.reserve(count));
    d_state = scratch.d_state.data();
  }
  GRU_RETURN_IF_ERROR(scratch.d_reset_state.reserve(weights.reset_after() ? 0 : count));
  start_d_state(call, d_state, count);
  if (call.map->rows() == 0) {
    zero_gradients(call.gradients);
    return {};
  }

  const double operations = 6.0 * static_cast<double>(call.map->rows()) *
                            static_cast<double>(hidden) * static_cast<double>(hidden);
  BackwardPass pass(weights, call, initial_state, d_state, scratch.d_reset_state.data(),
                    divide(*call.map, hidden, operations));
  GRU_RETURN_IF_ERROR(pass.run());
  return GradientProducts(weights, call, initial_state, scratch, products).run();
}

}  // namespace gru::cpu
