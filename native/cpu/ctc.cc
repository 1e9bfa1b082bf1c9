#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "cpu/isa.h"
#include "cpu/losses.h"
#include "cpu/parts.h"

namespace gru::cpu {

namespace {

constexpr double log_zero = -std::numeric_limits<double>::infinity();
/// The cost of one state in one step, in the units of threads_for: a few exponentials and
/// logarithms in double.
constexpr double operations_per_state = 400;

/// log(e^a + e^b + e^c)
double log_add(double a, double b, double c) {
  double largest = a > b ? a : b;
  largest = largest > c ? largest : c;
  if (largest == log_zero) return a + b + c;  // NaN stays
  return largest + std::log(std::exp(a - largest) + std::exp(b - largest) + std::exp(c - largest));
}

/// The paths of one sequence through its labels. Probabilities are logarithms, in double.
class Alignment {
 public:
  Alignment(const CtcCall& call, std::size_t sequence)
      : call_(call),
        sequence_(sequence),
        steps_(static_cast<std::size_t>(call.lengths.data()[sequence])),
        states_(static_cast<std::size_t>(call.states.data()[sequence])),
        symbols_(call.symbols.data() + sequence * call.symbols.stride()),
        lattice_(call.lattice.data() + sequence * call.lattice_stride()) {}

  /// Returns the loss. Writes the gradient to the sequence's rows.
  double run() {
    if (states_ == 0 || steps_ == 0) {
      clear();
      return 0;
    }
    for (std::size_t t = 0; t < steps_; ++t) walk_forward(t);
    const double* last = alpha(steps_ - 1);
    log_likelihood_ =
        log_add(last[states_ - 1], states_ > 1 ? last[states_ - 2] : log_zero, log_zero);
    if (!call_.d_output.empty()) {
      for (std::size_t t = steps_; t-- > 0;) walk_backward(t);
    }
    return -log_likelihood_;
  }

 private:
  double* alpha(std::size_t t) { return lattice_ + t * states_; }
  std::size_t row_of(std::size_t t) const {
    return static_cast<std::size_t>(call_.first.data()[t]) + sequence_;
  }
  const float* logits(std::size_t t) const {
    return call_.output.data() + row_of(t) * call_.output.stride();
  }
  float* gradient(std::size_t t) const {
    return call_.d_output.data() + row_of(t) * call_.d_output.stride();
  }
  /// Whether a path may skip the blank before state s: it lies between two different labels.
  bool skips_to(std::size_t s) const {
    return s >= 2 && s < states_ && symbols_[s] != ctc_blank && symbols_[s] != symbols_[s - 2];
  }

  void clear() {
    if (call_.d_output.empty()) return;
    for (std::size_t t = 0; t < steps_; ++t) {
      std::fill_n(gradient(t), call_.d_output.columns(), 0.0F);
    }
  }

  /// alpha(t): for each state, the paths up to step t, including what they emit at t.
  void walk_forward(std::size_t t) {
    const float* row = logits(t);
    const double normalizer = kernels().log_sum_exp(row, call_.output.columns());
    double* now = alpha(t);
    const double* before = t == 0 ? nullptr : alpha(t - 1);
    for (std::size_t s = 0; s < states_; ++s) {
      double sum = s < 2 ? 0 : log_zero;
      if (before != nullptr) {
        sum = log_add(before[s], s >= 1 ? before[s - 1] : log_zero,
                      skips_to(s) ? before[s - 2] : log_zero);
      }
      now[s] = sum + static_cast<double>(row[symbols_[s]]) - normalizer;
    }
  }

  /// On entry `behind` has, for each state, the paths from step t + 1 on, including what they emit
  /// there; on return those from step t on. alpha(t) becomes the share of each state in all paths.
  void walk_backward(std::size_t t) {
    const float* row = logits(t);
    const double normalizer = kernels().log_sum_exp(row, call_.output.columns());
    double* share = alpha(t);
    double* behind = alpha(steps_);
    for (std::size_t s = 0; s < states_; ++s) {
      double beta = s + 2 >= states_ ? 0 : log_zero;
      if (t + 1 < steps_) {
        beta = log_add(behind[s], s + 1 < states_ ? behind[s + 1] : log_zero,
                       skips_to(s + 2) ? behind[s + 2] : log_zero);
      }
      share[s] = std::exp(share[s] + beta - log_likelihood_);
      behind[s] = beta + static_cast<double>(row[symbols_[s]]) - normalizer;
    }
    write_gradient(row, share, gradient(t));
  }

  /// scale * (softmax - share of each class)
  void write_gradient(const float* row, const double* share, float* d_row) const {
    const double scale = call_.scale();
    kernels().softmax(row, d_row, call_.output.columns(), static_cast<float>(scale));
    const std::int32_t* order = call_.by_symbol.data() + sequence_ * call_.by_symbol.stride();
    for (std::size_t i = 0; i < states_;) {
      const std::int32_t symbol = symbols_[order[i]];
      double sum = 0;
      for (; i < states_ && symbols_[order[i]] == symbol; ++i) sum += share[order[i]];
      d_row[symbol] -= static_cast<float>(scale * sum);
    }
  }

  const CtcCall& call_;
  std::size_t sequence_;
  std::size_t steps_;
  std::size_t states_;
  const std::int32_t* symbols_;
  double* lattice_;
  double log_likelihood_ = 0;
};

}  // namespace

void ctc(const CtcCall& call) {
  const std::size_t batch = call.lengths.size();
  const double states = static_cast<double>(call.output.rows() * call.symbols.columns());
  const double work =
      4 * work_of(call.output.rows() * call.output.columns()) + operations_per_state * states;
  const double sum = sum_of_parts(batch, 1, work, [&](std::size_t sequence, std::size_t) {
    return Alignment(call, sequence).run();
  });
  call.metrics.data()->loss = sum * call.scale();
}

}  // namespace gru::cpu
