#include "cpu/recurrence/gru_backward.h"

#include <algorithm>
#include <cstring>

#include "cpu/recurrence/gradient_products.h"
#include "cpu/recurrence/recurrence.h"

namespace gru::cpu {

namespace {

/// Steps between two looks at the abort flag.
constexpr std::size_t abort_interval = 8;

/// The walk back through the steps: turns the reserve into the gradients of the gates' inputs, and
/// d_state into the gradient of the initial state. What it leaves are large products.
class BackwardPass {
 public:
  BackwardPass(const CpuRecurrentWeights& weights, const RecurrentBackward& call,
               const float* initial_state, float* d_state, float* d_reset_state, Division division)
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
    const PackedMatrix& u = weights_.d_state();
    multiply(s, {u, gate_r, 0, gate_n * hidden_}, d_state_, true, share);
    multiply(s, {u, reserve_q, gate_n * hidden_, gate_count * hidden_}, d_state_, true, share);
  }

  void compute_before(std::size_t s, const Share& share) const {
    each_state(s, share, kernels().backward_before);
    wait(share);
    multiply(s, {weights_.d_reset_state(), gate_n, 0, hidden_}, d_reset_state_, false, share);
    each_state(s, share, kernels().backward_before_reset);
    wait(share);
    multiply(s, {weights_.d_state(), gate_r, 0, gate_n * hidden_}, d_state_, true, share);
  }

  float* gates_of(std::size_t s) const {
    return call_.reserve.data() + recurrence_.first_row(s) * gate_stride_;
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

  /// The reserve of a step from `gate` on, times the rows first_k..end_k of b.
  struct Factors {
    const PackedMatrix& b;
    std::size_t gate;
    std::size_t first_k;
    std::size_t end_k;
  };

  /// My panels of to (+)= the product, for my sequences that run at step s.
  void multiply(std::size_t s, const Factors& factors, float* to, bool accumulate,
                const Share& share) const {
    const std::size_t active = recurrence_.active(s);
    const std::size_t first = std::min(share.sequences.begin, active);
    PanelProduct product{};
    // The kernel adds first_k to a, as it stands in b.
    product.a = gates_of(s) + first * gate_stride_ + factors.gate * hidden_ - factors.first_k;
    product.a_stride = gate_stride_;
    product.b = factors.b.data.data();
    product.b_depth = factors.b.depth;
    product.first_k = factors.first_k;
    product.end_k = factors.end_k;
    product.c = to + first * hidden_;
    product.c_stride = hidden_;
    product.accumulate = accumulate;
    product.rows = std::min(share.sequences.end, active) - first;
    product.columns = hidden_;
    product.first_panel = share.panels.begin;
    product.end_panel = share.panels.end;
    product.descending = s % 2 == 1;
    product.distant =
        exceed_cache((share.units.end - share.units.begin) * factors.b.depth * sizeof(float));
    kernels().panel_product(product);
  }

  const CpuRecurrentWeights& weights_;
  const RecurrentBackward& call_;
  std::size_t hidden_;
  std::size_t gate_stride_;
  float* d_state_;
  float* d_reset_state_;
  Division division_;
  Recurrence recurrence_;
  Agreement stop_;     ///< the call was aborted
  Agreement retreat_;  ///< other processes hold the cores: thread 0 goes on alone
};

/// The gradient of the state after each sequence's last step, where the walk begins.
void start_d_state(const RecurrentBackward& call, float* d_state, std::size_t count) {
  if (count == 0) return;
  if (call.d_final_state.empty()) {
    std::memset(d_state, 0, count * sizeof(float));
  } else {
    std::memcpy(d_state, call.d_final_state.data(), count * sizeof(float));
  }
}

void zero_gradients(const RecurrentTensors<float>& gradients) {
  for (const DeviceSpan<float>& span :
       {gradients.weight_ih, gradients.weight_hh, gradients.bias_ih, gradients.bias_hh}) {
    if (!span.empty()) std::memset(span.data(), 0, span.size() * sizeof(float));
  }
}

}  // namespace

Status recurrent_backward(CpuRecurrentWeights& weights, const RecurrentBackward& call,
                          RecurrenceScratch& scratch, TransposedScratch& products) {
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
  return multiply_gradients(weights, call, initial_state, scratch, products);
}

}  // namespace gru::cpu
