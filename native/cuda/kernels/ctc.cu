#include <limits>

#include "base/loss_options.h"
#include "cuda/kernels/losses.h"
#include "cuda/kernels/matrix.h"
#include "cuda/kernels/softmax.h"

namespace gru::cuda {

namespace {

/// The threads of a sequence. Each of them has some of its states.
constexpr unsigned lattice_threads = 128;

/// A CtcCall for kernels.
struct CtcRows {
  Matrix<const float> logits;
  Matrix<float> d_logits;
  const std::int32_t* first;
  std::size_t steps;
  const std::int32_t* lengths;
  const std::int32_t* states;
  Matrix<const std::int32_t> symbols;
  Matrix<const std::int32_t> by_symbol;
  double* lattice;
  std::size_t lattice_stride;
  double* normalizers;  ///< [rows]
  double scale;
};

/// Each warp has one row.
__global__ void __launch_bounds__(loss_warps* warp_size) normalizer_kernel(CtcRows rows) {
  const std::size_t row = loss_row();
  if (row >= rows.logits.rows) return;
  const SoftmaxSums sums = softmax_sums(rows.logits, row);
  if (threadIdx.x == 0) rows.normalizers[row] = sums.log_sum_exp();
}

/// log(e^a + e^b + e^c)
__device__ __forceinline__ double log_add(double a, double b, double c) {
  double largest = a > b ? a : b;
  largest = largest > c ? largest : c;
  if (largest == -std::numeric_limits<double>::infinity()) return a + b + c;  // NaN stays
  return largest + log(exp(a - largest) + exp(b - largest) + exp(c - largest));
}

/// The paths of a block's sequence through its labels. Probabilities are logarithms, in double.
class Alignment {
 public:
  __device__ explicit Alignment(const CtcRows& rows)
      : rows_(rows),
        steps_(static_cast<std::size_t>(rows.lengths[blockIdx.x])),
        states_(static_cast<std::size_t>(rows.states[blockIdx.x])),
        symbols_(&rows.symbols.at(blockIdx.x, 0)),
        lattice_(rows.lattice + blockIdx.x * rows.lattice_stride) {}

  __device__ bool counts() const { return states_ > 0 && steps_ > 0; }

  /// Writes to the lattice, for each step and state, the logarithm of the paths up to it, including
  /// what it emits. Returns the logarithm of all paths.
  __device__ double walk_forward() {
    for (std::size_t t = 0; t < steps_; ++t) {
      for (std::size_t s = threadIdx.x; s < states_; s += lattice_threads) {
        alpha(t)[s] = before(t, s) + emission(t, s);
      }
      __syncthreads();
    }
    const double* last = alpha(steps_ - 1);
    log_likelihood_ =
        log_add(last[states_ - 1], states_ > 1 ? last[states_ - 2] : log_zero(), log_zero());
    __syncthreads();  // all threads have read the last step
    return log_likelihood_;
  }

  /// Turns these logarithms into the share of each state in all paths.
  __device__ void walk_backward() {
    for (std::size_t t = steps_; t-- > 0;) {
      for (std::size_t s = threadIdx.x; s < states_; s += lattice_threads) {
        const double beta = behind(t, s);
        alpha(t)[s] = exp(alpha(t)[s] + beta - log_likelihood_);
        onward(t)[s] = beta + emission(t, s);
      }
      __syncthreads();
    }
  }

 private:
  __device__ static double log_zero() { return -std::numeric_limits<double>::infinity(); }
  __device__ double* alpha(std::size_t t) const { return lattice_ + t * states_; }
  /// For each state, the paths from step t on, including what it emits; kept until step t - 1 is
  /// done.
  __device__ double* onward(std::size_t t) const { return alpha(steps_ + t % 2); }

  /// Whether a path may skip the blank before state s: it lies between two different labels.
  __device__ bool skips_to(std::size_t s) const {
    return s >= 2 && s < states_ && symbols_[s] != ctc_blank && symbols_[s] != symbols_[s - 2];
  }
  __device__ double emission(std::size_t t, std::size_t s) const {
    const std::size_t row = static_cast<std::size_t>(rows_.first[t]) + blockIdx.x;
    return static_cast<double>(rows_.logits.at(row, static_cast<std::size_t>(symbols_[s]))) -
           rows_.normalizers[row];
  }
  __device__ double before(std::size_t t, std::size_t s) const {
    if (t == 0) return s < 2 ? 0 : log_zero();
    const double* from = alpha(t - 1);
    return log_add(from[s], s >= 1 ? from[s - 1] : log_zero(),
                   skips_to(s) ? from[s - 2] : log_zero());
  }
  __device__ double behind(std::size_t t, std::size_t s) const {
    if (t + 1 == steps_) return s + 2 >= states_ ? 0 : log_zero();
    const double* to = onward(t + 1);
    return log_add(to[s], s + 1 < states_ ? to[s + 1] : log_zero(),
                   skips_to(s + 2) ? to[s + 2] : log_zero());
  }

  const CtcRows& rows_;
  std::size_t steps_;
  std::size_t states_;
  const std::int32_t* symbols_;
  double* lattice_;
  double log_likelihood_ = 0;
};

/// Each block has one sequence. One block on a multiprocessor is enough. Without this bound the
/// compiler would spill registers to make room for more blocks.
__global__ void __launch_bounds__(lattice_threads, 1) lattice_kernel(double* losses, CtcRows rows) {
  Alignment alignment(rows);
  const double loss = alignment.counts() ? -alignment.walk_forward() : 0;
  if (threadIdx.x == 0) losses[blockIdx.x] = loss;
  if (alignment.counts() && rows.d_logits.data != nullptr) alignment.walk_backward();
}

/// The step that contains `row`.
__device__ __forceinline__ std::size_t step_of(const CtcRows& rows, std::size_t row) {
  std::size_t low = 0;
  std::size_t high = rows.steps;
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    (static_cast<std::size_t>(rows.first[middle]) <= row ? low : high) = middle;
  }
  return low;
}

/// scale * (softmax - share of each class). Each warp has one row.
__global__ void __launch_bounds__(loss_warps* warp_size) ctc_gradient_kernel(CtcRows rows) {
  const unsigned lane = threadIdx.x;
  const std::size_t row = loss_row();
  if (row >= rows.logits.rows) return;
  const std::size_t t = step_of(rows, row);
  const std::size_t sequence = row - static_cast<std::size_t>(rows.first[t]);
  const auto states = static_cast<std::size_t>(rows.states[sequence]);
  if (states == 0) {
    for (std::size_t j = lane; j < rows.logits.columns; j += warp_size)
      rows.d_logits.at(row, j) = 0;
    return;
  }
  const SoftmaxSums sums = softmax_sums(rows.logits, row);
  const float factor = static_cast<float>(rows.scale) / sums.total;
  for (std::size_t j = lane; j < rows.logits.columns; j += warp_size) {
    rows.d_logits.at(row, j) = expf(rows.logits.at(row, j) - sums.maximum) * factor;
  }
  __syncwarp();  // all lanes have written the softmax
  const double* share = rows.lattice + sequence * rows.lattice_stride + t * states;
  const std::int32_t* symbols = &rows.symbols.at(sequence, 0);
  const std::int32_t* order = &rows.by_symbol.at(sequence, 0);
  for (std::size_t i = lane; i < states; i += warp_size) {
    const std::int32_t symbol = symbols[order[i]];
    if (i > 0 && symbols[order[i - 1]] == symbol) continue;  // another lane sums this class
    double sum = 0;
    for (std::size_t j = i; j < states && symbols[order[j]] == symbol; ++j) sum += share[order[j]];
    rows.d_logits.at(row, static_cast<std::size_t>(symbol)) -= static_cast<float>(rows.scale * sum);
  }
}

}  // namespace

Status ctc(const Queue& queue, Scratch<double>& parts, const CtcCall& call) {
  const std::size_t batch = call.lengths.size();
  const std::size_t row_count = call.output.rows();
  GRU_RETURN_IF_ERROR(parts.reserve(CheckedSize(batch) + row_count, queue));
  const CtcRows rows{call.output,           call.d_output,        call.first.data(),
                     call.first.size() - 1, call.lengths.data(),  call.states.data(),
                     call.symbols,          call.by_symbol,       call.lattice.data(),
                     call.lattice_stride(), parts.data() + batch, call.scale()};
  GRU_RETURN_IF_ERROR(launch(queue, normalizer_kernel, loss_rows_shape(row_count), rows));
  LaunchShape sequences;
  sequences.grid = dim3(to_unsigned(batch));
  sequences.block = dim3(lattice_threads);
  GRU_RETURN_IF_ERROR(launch(queue, lattice_kernel, sequences, parts.data(), rows));
  if (!call.d_output.empty()) {
    GRU_RETURN_IF_ERROR(launch(queue, ctc_gradient_kernel, loss_rows_shape(row_count), rows));
  }
  return scaled_sum(queue, parts.data(), batch, call.scale(), call.metrics.data());
}

}  // namespace gru::cuda
