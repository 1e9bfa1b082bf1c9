#include "cuda/kernels/cell.h"
#include "cuda/kernels/pass_arguments.h"
#include "cuda/kernels/persistent.h"
#include "cuda/kernels/persistent_block.h"

namespace gru::cuda {

namespace {

/// The gradient of h': the part from the layer above plus the part from the step after.
__device__ __forceinline__ float d_h(const BackwardArguments& p, const Step& step,
                                     unsigned sequence, unsigned unit) {
  return p.d_state_of(sequence, unit) + p.d_output_of(step, sequence, unit);
}

/// Calls body(sequence, unit, slots, kept) for the block's units of the sequences that have the
/// step.
template <class Body>
__device__ __forceinline__ void for_each_kept(const PersistentBlock& block, const Step& step,
                                              const Body& body) {
  block.for_each_unit(block.batch_size(step), [&](unsigned i, unsigned j) {
    const unsigned sequence = block.first_sequence() + i;
    const unsigned unit = block.first_unit() + j;
    const GateSlots slots = step.slots(sequence, unit);
    body(sequence, unit, slots, read_kept(slots, step.state(sequence)[unit]));
  });
}

__device__ __forceinline__ void write_gradients_after(const BackwardArguments& p,
                                                      const PersistentBlock& block,
                                                      const Step& step) {
  for_each_kept(
      block, step,
      [&](unsigned sequence, unsigned unit, const GateSlots& slots, const KeptGates& kept) {
        const GateGradients gradients =
            gradients_after(kept, d_h(p, step, sequence, unit), p.update_sign);
        write_after(slots, gradients);
        p.d_state_of(sequence, unit) = gradients.h;
      });
}

__device__ __forceinline__ void write_gradients_before(const BackwardArguments& p,
                                                       const PersistentBlock& block,
                                                       const Step& step) {
  for_each_kept(
      block, step,
      [&](unsigned sequence, unsigned unit, const GateSlots& slots, const KeptGates& kept) {
        const GradientsBefore gradients =
            gradients_before(kept, d_h(p, step, sequence, unit), p.update_sign);
        write_before(slots, gradients);
        p.d_state_of(sequence, unit) = gradients.h;
      });
}

/// Reads the gradients of one gate for a tile of sequences. Other blocks wrote some of them.
__device__ __forceinline__ void read_gradients(PersistentBlock& block, const Step& step,
                                               unsigned first, unsigned count, std::size_t slot) {
  block.read_vectors(count, [&](unsigned i) { return &step.slots(first + i, 0)[slot]; });
}

/// d_state += (the gradients of the first `gates` gates' products with the state) U.
__device__ __forceinline__ void add_products(const BackwardArguments& p, PersistentBlock& block,
                                             const Step& step, unsigned gates) {
  block.for_each_tile(block.batch_size(step), [&](unsigned tile, unsigned count) {
    const unsigned first = block.first_sequence() + tile;
    for (unsigned gate = 0; gate < gates; ++gate) {
      // With the reset gate after the product, the gradient of U_n h is that of q.
      read_gradients(block, step, first, count, gate == gate_n ? reserve_q : gate);
      __syncthreads();
      if (gate == 0) {
        block.set_products(count, gate);
      } else {
        block.add_products(count, gate);
      }
      __syncthreads();
    }
    block.for_each_unit(count, [&](unsigned i, unsigned j) {
      p.d_state_of(first + i, block.first_unit() + j) += block.sum(i, 0, j);
    });
    __syncthreads();  // in the next step other threads use these elements
  });
}

/// With the reset gate before the product: d(r h) = da_n U_n, and the gradients that depend on it.
__device__ __forceinline__ void write_reset_gradients(const BackwardArguments& p,
                                                      PersistentBlock& block, const Step& step) {
  block.for_each_tile(block.batch_size(step), [&](unsigned tile, unsigned count) {
    const unsigned first = block.first_sequence() + tile;
    read_gradients(block, step, first, count, gate_n);
    __syncthreads();
    block.set_products(count, gate_n);
    __syncthreads();
    block.for_each_unit(count, [&](unsigned i, unsigned j) {
      const unsigned unit = block.first_unit() + j;
      const GateSlots slots = step.slots(first + i, unit);
      const float d_reset = block.sum(i, 0, j);
      const float r = slots[gate_r];
      slots[gate_r] = reset_gradient(r, step.state(first + i)[unit], d_reset);
      p.d_state_of(first + i, unit) += d_reset * r;
    });
  });
}

template <ResetGate reset>
__global__ void __launch_bounds__(persistent_threads, 1)
    persistent_backward_kernel(BackwardArguments p, PersistentGroups groups) {
  GRU_SHARED_MEMORY(float, memory);
  PersistentBlock block(groups.shape, p.walk.hidden, p.batch, memory);
  GroupBarrier barrier(groups.arrivals + blockIdx.y, groups.shape.unit_groups);
  // Transposed: row `unit` has the weights with which the unit enters the gates of all units.
  block.load_weights([&](unsigned gate, unsigned unit, unsigned k) {
    return p.weights[(gate * p.walk.hidden + k) * p.walk.hidden + unit];
  });
  for (unsigned s = p.end; s-- > p.begin;) {
    const Step step = p.walk.step(s);
    if (block.batch_size(step) == 0) continue;  // so it is for all blocks of these sequences
    if constexpr (reset == ResetGate::after) {
      write_gradients_after(p, block, step);
      barrier.wait();
      add_products(p, block, step, gate_count);
    } else {
      write_gradients_before(p, block, step);
      barrier.wait();
      write_reset_gradients(p, block, step);
      barrier.wait();
      add_products(p, block, step, gate_n);
    }
  }
}

}  // namespace

Status persistent_backward_fits(const RecurrentShape& shape, const Limits& limits,
                                const Queue& queue, bool& fits) {
  return shape.variant.reset == ResetGate::after
             ? persistent_kernel_fits(shape, limits, queue,
                                      persistent_backward_kernel<ResetGate::after>, fits)
             : persistent_kernel_fits(shape, limits, queue,
                                      persistent_backward_kernel<ResetGate::before>, fits);
}

Status persistent_backward(Context& context, const CudaRecurrentWeights& weights,
                           const BackwardPass& pass, unsigned begin, unsigned end) {
  const PersistentShape shape = persistent_shape(weights.hidden(), pass.batch, context.limits);
  Scratch<unsigned>& arrivals = context.recurrence.arrivals;
  GRU_RETURN_IF_ERROR(reset_arrivals(arrivals, shape, context.queue()));
  const BackwardArguments p = backward_arguments(weights, pass, begin, end);
  const PersistentGroups groups{shape, arrivals.data()};
  return weights.reset() == ResetGate::after
             ? launch_cooperative(context.queue(), persistent_backward_kernel<ResetGate::after>,
                                  launch_shape(shape), p, groups)
             : launch_cooperative(context.queue(), persistent_backward_kernel<ResetGate::before>,
                                  launch_shape(shape), p, groups);
}

}  // namespace gru::cuda
