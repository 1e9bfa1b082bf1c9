#include "cuda/kernels/cell.h"
#include "cuda/kernels/lstm_cell.h"
#include "cuda/kernels/matrix.h"
#include "cuda/kernels/stepwise.h"

namespace gru::cuda {

namespace {

/// Calls body(row, unit, slots, h) for this thread's elements of a step.
template <class Body>
__device__ __forceinline__ void for_each_unit(const Step& step, const Body& body) {
  for_each_element(step.rows, step.hidden, [&](std::size_t i, std::size_t j) {
    const auto row = static_cast<unsigned>(i);
    const auto unit = static_cast<unsigned>(j);
    body(i, j, step.slots(row, unit), step.state(row)[unit]);
  });
}

__global__ void __launch_bounds__(plain_threads) after_kernel(ForwardStep p) {
  const std::size_t hidden = p.step.hidden;
  for_each_unit(p.step, [&](std::size_t i, std::size_t j, const GateSlots& slots, float h) {
    const float* sums = p.sums + i * (gate_count * hidden) + j;
    p.output[i * p.output_stride + j] =
        finish_after(slots, read_inputs(slots), {sums[0], sums[hidden], sums[2 * hidden]},
                     p.bias_hn[j], h, p.update_sign);
  });
}

__global__ void __launch_bounds__(plain_threads) gates_before_kernel(ForwardStep p) {
  const std::size_t hidden = p.step.hidden;
  for_each_unit(p.step, [&](std::size_t i, std::size_t j, const GateSlots& slots, float h) {
    const float* sums = p.sums + i * (2 * hidden) + j;
    finish_gates_before(slots, read_inputs(slots), sums[0], sums[hidden], h, p.update_sign);
  });
}

__global__ void __launch_bounds__(plain_threads) candidate_before_kernel(ForwardStep p) {
  for_each_unit(p.step, [&](std::size_t i, std::size_t j, const GateSlots& slots, float h) {
    p.output[i * p.output_stride + j] = finish_candidate_before(
        slots, slots[gate_n], p.sums[i * p.step.hidden + j], slots[gate_z], h);
  });
}

/// The gradient of h': the part from the layer above plus the part from the step after.
template <class BackwardStep>
__device__ __forceinline__ float d_state_of(const BackwardStep& p, std::size_t i, std::size_t j) {
  const float d_h = p.d_state[i * p.step.hidden + j];
  return p.d_output == nullptr ? d_h : d_h + p.d_output[i * p.d_output_stride + j];
}

__global__ void __launch_bounds__(plain_threads) back_after_kernel(BackwardStep p) {
  for_each_unit(p.step, [&](std::size_t i, std::size_t j, const GateSlots& slots, float h) {
    const GateGradients gradients =
        gradients_after(read_kept(slots, h), d_state_of(p, i, j), p.update_sign);
    write_after(slots, gradients);
    p.d_state[i * p.step.hidden + j] = gradients.h;
  });
}

__global__ void __launch_bounds__(plain_threads) back_before_kernel(BackwardStep p) {
  for_each_unit(p.step, [&](std::size_t i, std::size_t j, const GateSlots& slots, float h) {
    const GradientsBefore gradients =
        gradients_before(read_kept(slots, h), d_state_of(p, i, j), p.update_sign);
    write_before(slots, gradients);
    p.d_state[i * p.step.hidden + j] = gradients.h;
  });
}

__global__ void __launch_bounds__(plain_threads) back_reset_before_kernel(BackwardStep p) {
  for_each_unit(p.step, [&](std::size_t i, std::size_t j, const GateSlots& slots, float h) {
    const std::size_t index = i * p.step.hidden + j;
    const float r = slots[gate_r];
    slots[gate_r] = reset_gradient(r, h, p.d_reset[index]);
    p.d_state[index] += p.d_reset[index] * r;
  });
}

constexpr std::size_t lstm_reserve = cell_spec(CellKind::lstm).reserve;

__global__ void __launch_bounds__(plain_threads) lstm_kernel(LstmForwardStep p) {
  const std::size_t hidden = p.step.hidden;
  for_each_element(p.step.rows, hidden, [&](std::size_t i, std::size_t j) {
    const GateSlots slots =
        p.step.slots<lstm_reserve>(static_cast<unsigned>(i), static_cast<unsigned>(j));
    const float* sums = p.sums + i * (4 * hidden) + j;
    float& cell = p.cell[i * hidden + j];
    const LstmStates states =
        finish_lstm(slots, {sums[0], sums[hidden], sums[2 * hidden], sums[3 * hidden]}, cell);
    cell = states.c;
    p.output[i * p.output_stride + j] = states.h;
  });
}

__global__ void __launch_bounds__(plain_threads) back_lstm_kernel(LstmBackwardStep p) {
  const std::size_t hidden = p.step.hidden;
  for_each_element(p.step.rows, hidden, [&](std::size_t i, std::size_t j) {
    const GateSlots slots =
        p.step.slots<lstm_reserve>(static_cast<unsigned>(i), static_cast<unsigned>(j));
    const float* before = i < p.step.continuing ? p.cell_before + i * (lstm_reserve * hidden)
                                                : p.initial_cell + i * hidden;
    float& d_cell = p.d_cell[i * hidden + j];
    d_cell = gradients_lstm(slots, before[j], d_state_of(p, i, j), d_cell);
  });
}

LaunchShape shape_of(const Step& step) { return matrix_shape(step.rows, step.hidden); }

}  // namespace

Status step_after(const Queue& queue, const ForwardStep& step) {
  return launch(queue, after_kernel, shape_of(step.step), step);
}

Status step_gates_before(const Queue& queue, const ForwardStep& step) {
  return launch(queue, gates_before_kernel, shape_of(step.step), step);
}

Status step_candidate_before(const Queue& queue, const ForwardStep& step) {
  return launch(queue, candidate_before_kernel, shape_of(step.step), step);
}

Status step_back_after(const Queue& queue, const BackwardStep& step) {
  return launch(queue, back_after_kernel, shape_of(step.step), step);
}

Status step_back_before(const Queue& queue, const BackwardStep& step) {
  return launch(queue, back_before_kernel, shape_of(step.step), step);
}

Status step_back_reset_before(const Queue& queue, const BackwardStep& step) {
  return launch(queue, back_reset_before_kernel, shape_of(step.step), step);
}

Status step_lstm(const Queue& queue, const LstmForwardStep& step) {
  return launch(queue, lstm_kernel, shape_of(step.step), step);
}

Status step_back_lstm(const Queue& queue, const LstmBackwardStep& step) {
  return launch(queue, back_lstm_kernel, shape_of(step.step), step);
}

}  // namespace gru::cuda
