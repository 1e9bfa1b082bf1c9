#include "cuda/kernels/cell.h"
#include "cuda/kernels/pass_arguments.h"
#include "cuda/kernels/resident.h"
#include "cuda/kernels/resident_block.h"
#include "cuda/kernels/resident_launch.h"

namespace gru::cuda {

namespace {

/// Shared memory: U, [depth][H], and the gradients of the gates, [sequences][depth].
struct BackwardLayout {
  unsigned hidden;
  unsigned gate_depth;  ///< H rounded up to a multiple of 4; the rest is zero
  unsigned depth;       ///< of all gates
  unsigned matrix_size;
  unsigned vectors_size;

  __host__ __device__ BackwardLayout(unsigned of_hidden, unsigned sequences)
      : hidden(of_hidden),
        gate_depth(round_up(of_hidden, 4)),
        depth(static_cast<unsigned>(gate_count) * gate_depth),
        matrix_size(depth * of_hidden),
        vectors_size(sequences * depth) {}

  /// The gradients of this step, and those of the step before, which threads may still read.
  __host__ __device__ unsigned floats() const { return matrix_size + 2 * vectors_size; }
};

__device__ void load_matrix(float* matrix, const BackwardLayout& layout, const float* weights,
                            unsigned index, unsigned threads) {
  for (unsigned i = index; i < layout.matrix_size; i += threads) {
    const unsigned k = i / layout.hidden;
    const unsigned gate = k / layout.gate_depth;
    const unsigned row = k % layout.gate_depth;
    const unsigned column = i % layout.hidden;
    matrix[i] =
        row < layout.hidden ? weights[(gate * layout.hidden + row) * layout.hidden + column] : 0.0F;
  }
}

/// One block's pass: its arguments, its position, and what its threads keep from step to step.
template <unsigned rows>
struct BackwardBlock {
  const BackwardArguments& p;
  const BackwardLayout& layout;
  ResidentThread<rows> thread;
  const float* matrix;

  __device__ float* vector(float* vectors, unsigned i) const {
    return vectors + (thread.first_local + i) * layout.depth;
  }

  /// What the forward pass kept of a sequence in a step. Empty if the sequence does not have the
  /// step.
  __device__ __forceinline__ KeptGates kept(const Step& step, unsigned i) const {
    const unsigned sequence = thread.first + i;
    if (sequence >= step.rows) return {};
    return read_kept(step.slots(sequence, thread.unit), step.state(sequence)[thread.unit]);
  }

  __device__ __forceinline__ float d_output(const Step& step, unsigned i) const {
    const unsigned sequence = thread.first + i;
    return sequence < step.rows ? p.d_output_of(step, sequence, thread.unit) : 0.0F;
  }

  /// sums = (this step's gradients of the gates from `gate` on) U.
  __device__ __forceinline__ void multiply(float (&sums)[rows][1], const float* vectors,
                                           unsigned gate, unsigned gates) const {
    const unsigned first = gate * layout.gate_depth;
    multiply_vectors(sums, vectors + thread.first_local * layout.depth + first, layout.depth,
                     matrix + first * layout.hidden + thread.unit, layout.hidden, 0,
                     gates * layout.gate_depth);
  }

  /// d_h += (the gradients of the first gates) U, for the sequences that have the step.
  __device__ __forceinline__ void add_products(float (&d_h)[rows], const Step& step,
                                               const float* vectors, unsigned gates) const {
    float sums[rows][1] = {};
    multiply(sums, vectors, 0, gates);
#pragma unroll
    for (unsigned i = 0; i < rows; ++i) {
      if (thread.first + i < step.rows) d_h[i] += sums[i][0];
    }
  }
};

template <unsigned rows>
__device__ __forceinline__ void write_gradients_after(const BackwardBlock<rows>& block,
                                                      const Step& step, float (&d_h)[rows],
                                                      float* vectors) {
  const unsigned gate_depth = block.layout.gate_depth;
  const unsigned unit = block.thread.unit;
#pragma unroll
  for (unsigned i = 0; i < rows; ++i) {
    const unsigned sequence = block.thread.first + i;
    if (sequence >= step.rows) continue;
    const GateGradients gradients =
        gradients_after(block.kept(step, i), d_h[i] + block.d_output(step, i), block.p.update_sign);
    write_after(step.slots(sequence, unit), gradients);
    float* vector = block.vector(vectors, i) + unit;
    vector[gate_r * gate_depth] = gradients.r;
    vector[gate_z * gate_depth] = gradients.z;
    vector[gate_n * gate_depth] = gradients.q;
    d_h[i] = gradients.h;
  }
}

template <unsigned rows>
__device__ __forceinline__ void write_gradients_before(const BackwardBlock<rows>& block,
                                                       const Step& step, float (&d_h)[rows],
                                                       KeptGates (&kept)[rows], float* vectors) {
  const unsigned unit = block.thread.unit;
#pragma unroll
  for (unsigned i = 0; i < rows; ++i) {
    const unsigned sequence = block.thread.first + i;
    kept[i] = block.kept(step, i);
    if (sequence >= step.rows) continue;
    const GradientsBefore gradients =
        gradients_before(kept[i], d_h[i] + block.d_output(step, i), block.p.update_sign);
    write_before(step.slots(sequence, unit), gradients);
    float* vector = block.vector(vectors, i) + unit;
    vector[gate_z * block.layout.gate_depth] = gradients.z;
    vector[gate_n * block.layout.gate_depth] = gradients.n;
    d_h[i] = gradients.h;
  }
}

/// d(r h) = da_n U_n, and the gradients that depend on it.
template <unsigned rows>
__device__ __forceinline__ void write_reset_gradients(const BackwardBlock<rows>& block,
                                                      const Step& step, float (&d_h)[rows],
                                                      const KeptGates (&kept)[rows],
                                                      float* vectors) {
  const unsigned unit = block.thread.unit;
  float sums[rows][1] = {};
  block.multiply(sums, vectors, gate_n, 1);
#pragma unroll
  for (unsigned i = 0; i < rows; ++i) {
    const unsigned sequence = block.thread.first + i;
    if (sequence >= step.rows) continue;
    const float gradient = reset_gradient(kept[i].r, kept[i].h, sums[i][0]);
    step.slots(sequence, unit)[gate_r] = gradient;
    block.vector(vectors, i)[unit] = gradient;
    d_h[i] += sums[i][0] * kept[i].r;
  }
}

template <unsigned rows, ResetGate reset>
__device__ __forceinline__ void run_step(const BackwardBlock<rows>& block, const Step& step,
                                         float (&d_h)[rows], float* vectors) {
  const bool has_unit = block.thread.unit < block.layout.hidden;
  if constexpr (reset == ResetGate::after) {
    if (has_unit) write_gradients_after(block, step, d_h, vectors);
    __syncthreads();
    if (has_unit) block.add_products(d_h, step, vectors, gate_count);
  } else {
    KeptGates kept[rows] = {};
    if (has_unit) write_gradients_before(block, step, d_h, kept, vectors);
    __syncthreads();
    if (has_unit) write_reset_gradients(block, step, d_h, kept, vectors);
    __syncthreads();
    if (has_unit) block.add_products(d_h, step, vectors, gate_n);
  }
}

template <unsigned rows, ResetGate reset>
__global__ void __launch_bounds__(resident_threads, 1)
    resident_backward_kernel(BackwardArguments p) {
  GRU_SHARED_MEMORY(float, matrix);
  const BackwardLayout layout(static_cast<unsigned>(p.walk.hidden), blockDim.y * rows);
  const BackwardBlock<rows> block{p, layout, {}, matrix};
  const ResidentThread<rows>& thread = block.thread;
  const bool has_unit = thread.unit < layout.hidden;
  float* vectors = matrix + layout.matrix_size;
  float* other = vectors + layout.vectors_size;
  load_matrix(matrix, layout, p.weights, thread.index, thread.threads);
  clear_shared(vectors, 2 * layout.vectors_size, thread.index, thread.threads);
  float d_h[rows];
#pragma unroll
  for (unsigned i = 0; i < rows; ++i) {
    const bool mine = has_unit && thread.first + i < p.batch;
    d_h[i] = mine ? p.d_state_of(thread.first + i, thread.unit) : 0.0F;
  }
  __syncthreads();
  for (unsigned s = p.end; s-- > p.begin;) {
    const Step step = p.walk.step(s);
    if (step.rows <= thread.block_first) continue;  // so it is for all threads of the block
    run_step<rows, reset>(block, step, d_h, vectors);
    float* const done = vectors;
    vectors = other;
    other = done;
  }
#pragma unroll
  for (unsigned i = 0; i < rows; ++i) {
    const bool mine = has_unit && thread.first + i < p.batch;
    if (mine) p.d_state_of(thread.first + i, thread.unit) = d_h[i];
  }
}

std::size_t shared_floats(std::size_t hidden, unsigned sequences) {
  return BackwardLayout(to_unsigned(hidden), sequences).floats();
}

}  // namespace

bool resident_backward_fits(const RecurrentShape& shape, const Limits& limits) {
  return resident_fits(shape, limits, shared_floats);
}

Status resident_backward(Context& context, const CudaRecurrentWeights& weights,
                         const BackwardPass& pass, unsigned begin, unsigned end) {
  const BackwardArguments p = backward_arguments(weights, pass, begin, end);
  const ResidentShape shape =
      resident_shape(weights.hidden(), pass.batch, context.limits, shared_floats);
  return with_resident_rows(shape.rows, [&](auto rows) {
    return weights.reset() == ResetGate::after
               ? launch(context.queue(), resident_backward_kernel<rows, ResetGate::after>,
                        shape.launch, p)
               : launch(context.queue(), resident_backward_kernel<rows, ResetGate::before>,
                        shape.launch, p);
  });
}

}  // namespace gru::cuda
