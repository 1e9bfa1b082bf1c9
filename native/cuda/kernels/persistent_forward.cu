#include "cuda/kernels/cell.h"
#include "cuda/kernels/pass_arguments.h"
#include "cuda/kernels/persistent.h"
#include "cuda/kernels/persistent_block.h"

namespace gru::cuda {

namespace {

__device__ __forceinline__ void run_after(const ForwardArguments& p, PersistentBlock& block,
                                          const Step& step) {
  block.for_each_tile(block.batch_size(step), [&](unsigned tile, unsigned count) {
    const unsigned first = block.first_sequence() + tile;
    block.read_vectors(count, [&](unsigned i) { return step.state(first + i); });
    __syncthreads();
    block.multiply(count, gate_r, gate_count);
    __syncthreads();
    block.for_each_unit(count, [&](unsigned i, unsigned j) {
      const unsigned unit = block.first_unit() + j;
      const GateSlots slots = step.slots(first + i, unit);
      const StateSums sums{block.sum(i, gate_r, j), block.sum(i, gate_z, j),
                           block.sum(i, gate_n, j)};
      p.output_of(step, first + i, unit) = finish_after(
          slots, read_inputs(slots), sums, p.bias_hn[unit], block.state(i, j), p.update_sign);
    });
    __syncthreads();
  });
}

__device__ __forceinline__ void run_gates(const ForwardArguments& p, PersistentBlock& block,
                                          const Step& step) {
  block.for_each_tile(block.batch_size(step), [&](unsigned tile, unsigned count) {
    const unsigned first = block.first_sequence() + tile;
    block.read_vectors(count, [&](unsigned i) { return step.state(first + i); });
    __syncthreads();
    block.multiply(count, gate_r, gate_n);
    __syncthreads();
    block.for_each_unit(count, [&](unsigned i, unsigned j) {
      const GateSlots slots = step.slots(first + i, block.first_unit() + j);
      finish_gates_before(slots, read_inputs(slots), block.sum(i, gate_r, j),
                          block.sum(i, gate_z, j), block.state(i, j), p.update_sign);
    });
    __syncthreads();
  });
}

__device__ __forceinline__ void run_candidate(const ForwardArguments& p, PersistentBlock& block,
                                              const Step& step) {
  block.for_each_tile(block.batch_size(step), [&](unsigned tile, unsigned count) {
    const unsigned first = block.first_sequence() + tile;
    block.read_vectors(count, [&](unsigned i) { return &step.slots(first + i, 0)[reserve_q]; });
    __syncthreads();
    block.multiply(count, gate_n, gate_count);
    __syncthreads();
    block.for_each_unit(count, [&](unsigned i, unsigned j) {
      const unsigned unit = block.first_unit() + j;
      const GateSlots slots = step.slots(first + i, unit);
      p.output_of(step, first + i, unit) =
          finish_candidate_before(slots, slots[gate_n], block.sum(i, gate_n, j), slots[gate_z],
                                  load_from_others(step.state(first + i) + unit));
    });
  });
}

template <ResetGate reset>
__global__ void __launch_bounds__(persistent_threads, 1)
    persistent_forward_kernel(ForwardArguments p, PersistentGroups groups) {
  GRU_SHARED_MEMORY(float, memory);
  PersistentBlock block(groups.shape, p.walk.hidden, p.batch, memory);
  GroupBarrier barrier(groups.arrivals + blockIdx.y, groups.shape.unit_groups);
  block.load_weights([&](unsigned gate, unsigned unit, unsigned k) {
    return p.weights[(gate * p.walk.hidden + unit) * p.walk.hidden + k];
  });
  for (unsigned s = p.begin; s < p.end; ++s) {
    const Step step = p.walk.step(s);
    if (block.batch_size(step) == 0) continue;  // so it is for all blocks of these sequences
    if constexpr (reset == ResetGate::after) {
      run_after(p, block, step);
    } else {
      run_gates(p, block, step);
      barrier.wait();
      run_candidate(p, block, step);
    }
    if (s + 1 < p.end) barrier.wait();
  }
}

}  // namespace

Status persistent_forward_fits(const RecurrentShape& shape, const Limits& limits,
                               const Queue& queue, bool& fits) {
  return shape.variant.reset == ResetGate::after
             ? persistent_kernel_fits(shape, limits, queue,
                                      persistent_forward_kernel<ResetGate::after>, fits)
             : persistent_kernel_fits(shape, limits, queue,
                                      persistent_forward_kernel<ResetGate::before>, fits);
}

Status persistent_forward(Context& context, const CudaRecurrentWeights& weights,
                          const ForwardPass& pass, unsigned begin, unsigned end) {
  const PersistentShape shape = persistent_shape(weights.hidden(), pass.batch, context.limits);
  Scratch<unsigned>& arrivals = context.recurrence.arrivals;
  GRU_RETURN_IF_ERROR(reset_arrivals(arrivals, shape, context.queue()));
  const ForwardArguments p = forward_arguments(weights, pass, begin, end);
  const PersistentGroups groups{shape, arrivals.data()};
  return weights.reset() == ResetGate::after
             ? launch_cooperative(context.queue(), persistent_forward_kernel<ResetGate::after>,
                                  launch_shape(shape), p, groups)
             : launch_cooperative(context.queue(), persistent_forward_kernel<ResetGate::before>,
                                  launch_shape(shape), p, groups);
}

}  // namespace gru::cuda
