#include "cuda/kernels/cell.h"
#include "cuda/kernels/pass_arguments.h"
#include "cuda/kernels/resident.h"
#include "cuda/kernels/resident_block.h"
#include "cuda/kernels/resident_launch.h"

namespace gru::cuda {

namespace {

/// Shared memory: U transposed, [depth][3H], and vectors, [sequences][depth].
struct ForwardLayout {
  unsigned hidden;
  unsigned depth;          ///< H rounded up to a multiple of 4; the rest is zero
  unsigned matrix_stride;  ///< odd, so that columns are written without bank conflicts
  unsigned matrix_size;
  unsigned vectors_size;

  __host__ __device__ ForwardLayout(unsigned of_hidden, unsigned sequences)
      : hidden(of_hidden),
        depth(round_up(of_hidden, 4)),
        matrix_stride(gate_count * of_hidden | 1U),
        matrix_size(round_up(depth * matrix_stride, 4)),
        vectors_size(sequences * depth) {}

  /// h before and after the step, or h and r h.
  __host__ __device__ unsigned floats() const { return matrix_size + 2 * vectors_size; }
};

__device__ void load_transposed(float* matrix, const ForwardLayout& layout, const float* weights,
                                unsigned index, unsigned threads) {
  const unsigned columns = gate_count * layout.hidden;
  for (unsigned i = index; i < columns * layout.depth; i += threads) {
    const unsigned column = i / layout.depth;
    const unsigned k = i % layout.depth;
    matrix[k * layout.matrix_stride + column] =
        k < layout.hidden ? weights[column * layout.hidden + k] : 0.0F;
  }
}

/// Reads the states before the first step of a launch. Sequences that start at a later step get
/// their initial state.
template <unsigned rows>
__device__ __forceinline__ void load_states(float (&h)[rows], const ForwardArguments& p,
                                            const ResidentThread<rows>& thread) {
  const Step step = p.walk.step(p.begin);
#pragma unroll
  for (unsigned i = 0; i < rows; ++i) {
    const unsigned sequence = thread.first + i;
    if (sequence >= p.batch) continue;
    const float* state =
        sequence < step.rows ? step.state(sequence) : step.initial + sequence * step.hidden;
    h[i] = state[thread.unit];
  }
}

/// One step with the reset gate after the product. `next` receives h'.
template <unsigned rows>
__device__ __forceinline__ void run_after(float (&h)[rows], const ForwardArguments& p,
                                          const ForwardLayout& layout, const Step& step,
                                          const ResidentThread<rows>& thread, const float* matrix,
                                          const float* current, float* next) {
  GateInputs inputs[rows] = {};
#pragma unroll
  for (unsigned i = 0; i < rows; ++i) {
    const unsigned sequence = thread.first + i;
    if (sequence < step.rows) inputs[i] = read_inputs(step.slots(sequence, thread.unit));
  }
  float sums[rows][gate_count] = {};
  multiply_vectors(sums, current + thread.first_local * layout.depth, layout.depth,
                   matrix + thread.unit, layout.matrix_stride, layout.hidden, layout.depth);
  const float bias_hn = p.bias_hn[thread.unit];
#pragma unroll
  for (unsigned i = 0; i < rows; ++i) {
    const unsigned sequence = thread.first + i;
    if (sequence < step.rows) {
      h[i] = finish_after(step.slots(sequence, thread.unit), inputs[i],
                          {sums[i][gate_r], sums[i][gate_z], sums[i][gate_n]}, bias_hn, h[i],
                          p.update_sign);
      p.output_of(step, sequence, thread.unit) = h[i];
    }
    next[(thread.first_local + i) * layout.depth + thread.unit] = h[i];
  }
}

/// The first half of a step with the reset gate before the product. `reset` receives r h.
template <unsigned rows>
__device__ __forceinline__ void run_gates(float (&update)[rows], const float (&h)[rows],
                                          const ForwardArguments& p, const ForwardLayout& layout,
                                          const Step& step, const ResidentThread<rows>& thread,
                                          const float* matrix, const float* current, float* reset) {
  float sums[rows][2] = {};
  multiply_vectors(sums, current + thread.first_local * layout.depth, layout.depth,
                   matrix + thread.unit, layout.matrix_stride, layout.hidden, layout.depth);
#pragma unroll
  for (unsigned i = 0; i < rows; ++i) {
    const unsigned sequence = thread.first + i;
    GatesBefore gates{0, 0};
    if (sequence < step.rows) {
      const GateSlots slots = step.slots(sequence, thread.unit);
      gates = finish_gates_before(slots, read_inputs(slots), sums[i][0], sums[i][1], h[i],
                                  p.update_sign);
    }
    update[i] = gates.update;
    reset[(thread.first_local + i) * layout.depth + thread.unit] = gates.reset_state;
  }
}

/// The second half. h' replaces h.
template <unsigned rows>
__device__ __forceinline__ void run_candidate(float (&h)[rows], const float (&update)[rows],
                                              const ForwardArguments& p,
                                              const ForwardLayout& layout, const Step& step,
                                              const ResidentThread<rows>& thread,
                                              const float* matrix, const float* reset,
                                              float* current) {
  float sums[rows][1] = {};
  multiply_vectors(sums, reset + thread.first_local * layout.depth, layout.depth,
                   matrix + gate_n * layout.hidden + thread.unit, layout.matrix_stride, 0,
                   layout.depth);
#pragma unroll
  for (unsigned i = 0; i < rows; ++i) {
    const unsigned sequence = thread.first + i;
    if (sequence >= step.rows) continue;
    const GateSlots slots = step.slots(sequence, thread.unit);
    h[i] = finish_candidate_before(slots, slots[gate_n], sums[i][0], update[i], h[i]);
    p.output_of(step, sequence, thread.unit) = h[i];
    current[(thread.first_local + i) * layout.depth + thread.unit] = h[i];
  }
}

template <unsigned rows, ResetGate reset>
__global__ void __launch_bounds__(resident_threads, 1) resident_forward_kernel(ForwardArguments p) {
  GRU_SHARED_MEMORY(float, matrix);
  const ResidentThread<rows> thread;
  const ForwardLayout layout(static_cast<unsigned>(p.walk.hidden), blockDim.y * rows);
  const bool has_unit = thread.unit < layout.hidden;
  float* current = matrix + layout.matrix_size;
  float* other = current + layout.vectors_size;
  load_transposed(matrix, layout, p.weights, thread.index, thread.threads);
  clear_shared(current, 2 * layout.vectors_size, thread.index, thread.threads);
  __syncthreads();
  float h[rows] = {};
  if (has_unit) {
    load_states(h, p, thread);
    for (unsigned i = 0; i < rows; ++i) {
      current[(thread.first_local + i) * layout.depth + thread.unit] = h[i];
    }
  }
  __syncthreads();
  for (unsigned s = p.begin; s < p.end; ++s) {
    const Step step = p.walk.step(s);
    if (step.rows <= thread.block_first) continue;  // so it is for all threads of the block
    if constexpr (reset == ResetGate::after) {
      if (has_unit) run_after(h, p, layout, step, thread, matrix, current, other);
      __syncthreads();
      float* const done = current;
      current = other;
      other = done;
    } else {
      float update[rows] = {};
      if (has_unit) run_gates(update, h, p, layout, step, thread, matrix, current, other);
      __syncthreads();
      if (has_unit) run_candidate(h, update, p, layout, step, thread, matrix, other, current);
      __syncthreads();
    }
  }
}

std::size_t shared_floats(std::size_t hidden, unsigned sequences) {
  return ForwardLayout(to_unsigned(hidden), sequences).floats();
}

}  // namespace

bool resident_forward_fits(const RecurrentShape& shape, const Limits& limits) {
  return resident_fits(shape, limits, shared_floats);
}

Status resident_forward(Context& context, const CudaRecurrentWeights& weights,
                        const ForwardPass& pass, unsigned begin, unsigned end) {
  const ForwardArguments p = forward_arguments(weights, pass, begin, end);
  const ResidentShape shape =
      resident_shape(weights.hidden(), pass.batch, context.limits, shared_floats);
  return with_resident_rows(shape.rows, [&](auto rows) {
    return weights.reset() == ResetGate::after
               ? launch(context.queue(), resident_forward_kernel<rows, ResetGate::after>,
                        shape.launch, p)
               : launch(context.queue(), resident_forward_kernel<rows, ResetGate::before>,
                        shape.launch, p);
  });
}

}  // namespace gru::cuda
