#include "cpu/recurrence/backward.h"

#include <algorithm>
#include <cstring>

#include "cpu/recurrence/gradient_products.h"
#include "cpu/recurrence/recurrence.h"

namespace gru::cpu {

namespace {

/// The number of steps between two looks at the abort flag.
constexpr std::size_t abort_interval = 8;

/// The gradients that are passed from step to step, each [batch, H]; null if the cell has none.
struct CarriedGradients {
  float* d_state;
  float* d_cell;
  float* d_reset_state;  ///< within a step
};

/// The states of the step before that the pointwise kernels read: c of an LSTM, h of a GRU.
Recurrence states_of(const RecurrentShape& shape, const RecurrentBackward& call,
                     const float* initial) {
  const std::size_t hidden = shape.hidden_size;
  if (shape.cell == CellKind::lstm) {
    return {*call.map,
            call.reverse,
            initial,
            call.reserve.data() + reserve_c * hidden,
            shape.spec().reserve * hidden,
            hidden};
  }
  return {*call.map, call.reverse, initial, call.output.data(), call.output.stride(), hidden};
}

/// Goes through the steps from the last to the first. It turns the reserve into the gradients of
/// the gates' inputs, and d_state and d_cell into the gradients of the initial states. Large
/// products compute the other gradients afterwards.
class BackwardPass {
 public:
  BackwardPass(const CpuRecurrentWeights& weights, const RecurrentBackward& call,
               const float* initial, const CarriedGradients& carried, Division division)
      : weights_(weights),
        call_(call),
        hidden_(weights.shape().hidden_size),
        gate_stride_(weights.shape().spec().reserve * hidden_),
        carried_(carried),
        division_(division),
        recurrence_(states_of(weights.shape(), call, initial)) {}

  Status run() {
    parallel(division_.threads, [this](unsigned index, Team& team) { work(index, team); });
    return stop_.holds(recurrence_.steps()) ? Status::aborted() : Status();
  }

 private:
  /// The part of every step that one thread computes.
  struct Share {
    unsigned index;
    Team* team;  ///< a team of one after a retreat
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
      team.barrier();  // another thread may still compute this step's last product
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
    for (const BackwardStage& stage : weights_.plan().backward) {
      const auto kernel = kernels().*stage.kernel;
      recurrence_.for_each_state(s, share.sequences, [&](const StateRows& rows) {
        kernel(step_of(s, rows, share.units));
      });
      wait(share);
      for (const StageProduct& product : stage.products) multiply(s, product, share);
    }
  }

  float* gates_of(std::size_t s) const {
    return call_.reserve.data() + recurrence_.first_row(s) * gate_stride_;
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
    const std::size_t first = rows.first * hidden_;
    step.d_state = carried_.d_state + first;
    step.d_state_stride = hidden_;
    if (carried_.d_cell != nullptr) step.d_cell = carried_.d_cell + first;
    step.d_cell_stride = hidden_;
    if (carried_.d_reset_state != nullptr) step.d_reset_state = carried_.d_reset_state + first;
    step.d_reset_state_stride = hidden_;
    step.update_sign = weights_.update_sign();
    step.rows = rows.count;
    step.first_unit = units.begin;
    step.end_unit = units.end;
    return step;
  }

  /// Computes this thread's panels of one product of step s, for those of its sequences that have
  /// the step.
  void multiply(std::size_t s, const StageProduct& stage, const Share& share) const {
    const std::size_t batch_size = recurrence_.batch_size(s);
    const std::size_t first = std::min(share.sequences.begin, batch_size);
    const PackedMatrix& b = weights_.d_part(stage.part);
    float* to = stage.to == Carried::d_state ? carried_.d_state : carried_.d_reset_state;
    PanelProduct product{};
    product.first_k = stage.gates.begin * hidden_;
    product.end_k = stage.gates.end * hidden_;
    // The kernel adds first_k to `a` as well as to b.
    product.a = gates_of(s) + first * gate_stride_ + stage.slot * hidden_ - product.first_k;
    product.a_stride = gate_stride_;
    product.b = b.data.data();
    product.b_depth = b.depth;
    product.c = to + first * hidden_;
    product.c_stride = hidden_;
    product.accumulate = stage.accumulate;
    product.rows = std::min(share.sequences.end, batch_size) - first;
    product.columns = hidden_;
    product.first_panel = share.panels.begin;
    product.end_panel = share.panels.end;
    product.descending = s % 2 == 1;
    product.prefetch =
        exceed_cache((share.units.end - share.units.begin) * b.depth * sizeof(float));
    kernels().panel_product(product);
  }

  const CpuRecurrentWeights& weights_;
  const RecurrentBackward& call_;
  std::size_t hidden_;
  std::size_t gate_stride_;
  CarriedGradients carried_;
  Division division_;
  Recurrence recurrence_;
  Agreement stop_;     ///< the call was aborted
  Agreement retreat_;  ///< other processes use the cores: thread 0 continues alone
};

/// The gradient of a state after each sequence's last step, where the backward pass begins. It is
/// in the memory for the gradient of the initial state if that is wanted, otherwise in `scratch`.
Status start_gradient(DeviceSpan<const float> d_final, DeviceSpan<float> d_initial,
                      std::size_t count, AlignedBuffer& scratch, float*& gradient) {
  gradient = d_initial.data();
  if (d_initial.empty()) {
    GRU_RETURN_IF_ERROR(scratch.reserve(count));
    gradient = scratch.data();
  }
  if (count == 0) return {};
  if (d_final.empty()) {
    std::memset(gradient, 0, count * sizeof(float));
  } else {
    std::memcpy(gradient, d_final.data(), count * sizeof(float));
  }
  return {};
}

/// Allocates all gradients that the cell passes from step to step.
Status start_gradients(const CpuRecurrentWeights& weights, const RecurrentBackward& call,
                       RecurrenceScratch& scratch, CarriedGradients& carried) {
  const std::size_t count = call.map->batch() * weights.shape().hidden_size;
  GRU_RETURN_IF_ERROR(start_gradient(call.d_final_state, call.d_initial_state, count,
                                     scratch.d_state, carried.d_state));
  if (weights.shape().spec().states > 1) {
    GRU_RETURN_IF_ERROR(start_gradient(call.d_final_cell, call.d_initial_cell, count,
                                       scratch.d_cell, carried.d_cell));
  }
  if (weights.plan().parts.size() > 1) {
    GRU_RETURN_IF_ERROR(scratch.d_reset_state.reserve(count));
    carried.d_reset_state = scratch.d_reset_state.data();
  }
  return {};
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
  const RecurrentShape& shape = weights.shape();
  const std::size_t count = call.map->batch() * shape.hidden_size;
  const float* initial_state = nullptr;
  GRU_RETURN_IF_ERROR(weights.prepare_backward());
  GRU_RETURN_IF_ERROR(initial_state_of(call.initial_state, count, scratch, initial_state));
  CarriedGradients carried{};
  GRU_RETURN_IF_ERROR(start_gradients(weights, call, scratch, carried));
  if (call.map->rows() == 0) {
    zero_gradients(call.gradients);
    return {};
  }

  const auto hidden = static_cast<double>(shape.hidden_size);
  const double operations = 2.0 * static_cast<double>(shape.spec().gates) *
                            static_cast<double>(call.map->rows()) * hidden * hidden;
  const float* initial = initial_state;
  if (shape.cell == CellKind::lstm) {
    GRU_RETURN_IF_ERROR(initial_state_of(call.initial_cell, count, scratch, initial));
  }
  BackwardPass pass(weights, call, initial, carried, divide(*call.map, shape, operations));
  GRU_RETURN_IF_ERROR(pass.run());
  return multiply_gradients(weights, call, initial_state, scratch, products);
}

}  // namespace gru::cpu
