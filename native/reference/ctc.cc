#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "reference/loss_rows.h"

namespace gru::reference {

namespace {

constexpr double log_zero = -std::numeric_limits<double>::infinity();

using Table = std::vector<std::vector<double>>;

/// log(e^a + e^b)
double log_add(double a, double b) {
  const double larger = a > b ? a : b;
  if (larger == log_zero) return a + b;
  return larger + std::log(std::exp(a - larger) + std::exp(b - larger));
}

/// One sequence: the log probabilities of its steps, and its states: its labels with a blank
/// before, between and after them. A path stays in a state, goes to the next one, or skips a blank
/// between two different labels.
class Alignment {
 public:
  Alignment(const Table& steps, const std::vector<std::int32_t>& labels) : steps_(steps) {
    symbols_.push_back(ctc_blank);
    for (const std::int32_t label : labels) {
      symbols_.push_back(label);
      symbols_.push_back(ctc_blank);
    }
    walk_forward();
    walk_backward();
  }

  double log_likelihood() const { return log_likelihood_; }

  /// The probability that a path is in a state of class k at step t, given the labels.
  double share(std::size_t t, std::size_t k) const {
    double sum = 0;
    for (std::size_t s = 0; s < symbols_.size(); ++s) {
      if (static_cast<std::size_t>(symbols_[s]) == k) {
        sum += std::exp(alpha_[t][s] + beta_[t][s] - log_likelihood_);
      }
    }
    return sum;
  }

 private:
  bool skips_to(std::size_t s) const {
    return s >= 2 && symbols_[s] != ctc_blank && symbols_[s] != symbols_[s - 2];
  }
  double emission(std::size_t t, std::size_t s) const {
    return steps_[t][static_cast<std::size_t>(symbols_[s])];
  }

  void walk_forward() {
    const std::size_t states = symbols_.size();
    alpha_.assign(steps_.size(), std::vector<double>(states, log_zero));
    for (std::size_t t = 0; t < steps_.size(); ++t) {
      for (std::size_t s = 0; s < states; ++s) {
        double sum = t == 0 && s < 2 ? 0 : log_zero;
        if (t > 0) {
          sum = alpha_[t - 1][s];
          if (s >= 1) sum = log_add(sum, alpha_[t - 1][s - 1]);
          if (skips_to(s)) sum = log_add(sum, alpha_[t - 1][s - 2]);
        }
        alpha_[t][s] = sum + emission(t, s);
      }
    }
    const std::vector<double>& last = alpha_.back();
    log_likelihood_ = states == 1 ? last[0] : log_add(last[states - 1], last[states - 2]);
  }

  void walk_backward() {
    const std::size_t states = symbols_.size();
    beta_.assign(steps_.size(), std::vector<double>(states, log_zero));
    for (std::size_t t = steps_.size(); t-- > 0;) {
      for (std::size_t s = 0; s < states; ++s) {
        if (t + 1 == steps_.size()) {
          if (s + 2 >= states) beta_[t][s] = 0;
          continue;
        }
        double sum = beta_[t + 1][s] + emission(t + 1, s);
        if (s + 1 < states) sum = log_add(sum, beta_[t + 1][s + 1] + emission(t + 1, s + 1));
        if (s + 2 < states && skips_to(s + 2)) {
          sum = log_add(sum, beta_[t + 1][s + 2] + emission(t + 1, s + 2));
        }
        beta_[t][s] = sum;
      }
    }
  }

  const Table& steps_;
  std::vector<std::int32_t> symbols_;
  Table alpha_;  ///< log probability of the paths up to and including step t
  Table beta_;   ///< log probability of the paths after step t
  double log_likelihood_ = log_zero;
};

/// The fewest steps of a path that spells the labels: one for each label, and one for a blank
/// between each two equal neighbours.
std::size_t needed_steps(const std::vector<std::int32_t>& labels) {
  std::size_t needed = labels.size();
  for (std::size_t i = 1; i < labels.size(); ++i) {
    if (labels[i] == labels[i - 1]) ++needed;
  }
  return needed;
}

Status read_labels(const ReferenceTarget& target, std::size_t size, std::size_t b,
                   std::vector<std::int32_t>& labels) {
  const std::size_t batch = target.label_lengths.size();
  const auto count = static_cast<std::size_t>(target.label_lengths[b]);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t label = target.labels[i * batch + b];
    if (label <= ctc_blank || static_cast<std::size_t>(label) >= size) {
      return Status::value("target: expected labels from 1 to less than " + std::to_string(size) +
                           ", got " + std::to_string(label) + " in sequence " + std::to_string(b));
    }
    labels.push_back(label);
  }
  return {};
}

/// The log probabilities of the valid rows of sequence b.
Table log_softmax(const ReferenceRows& rows, Values logits, std::size_t batch, std::size_t b) {
  Table steps;
  for (std::size_t row = b; row < rows.rows; row += batch) {
    if (!counts(rows, row)) break;
    const Values y = logits.subspan(row * rows.size, rows.size);
    const double normalizer = log_sum_exp(y);
    std::vector<double>& step = steps.emplace_back();
    for (const double logit : y) step.push_back(logit - normalizer);
  }
  return steps;
}

}  // namespace

Status ctc(const ReferenceRows& rows, Values logits, const ReferenceTarget& target,
           ReferenceLoss& result) {
  const std::size_t batch = target.label_lengths.size();
  if (batch == 0 || rows.rows % batch != 0 || target.labels.size() % batch != 0) {
    return Status::shape("targetLengths: expected one length for each sequence, got " +
                         std::to_string(batch));
  }
  result.denominator = static_cast<double>(batch);
  for (std::size_t b = 0; b < batch; ++b) {
    std::vector<std::int32_t> labels;
    GRU_RETURN_IF_ERROR(read_labels(target, rows.size, b, labels));
    const Table steps = log_softmax(rows, logits, batch, b);
    if (steps.empty() || needed_steps(labels) > steps.size()) continue;
    const Alignment alignment(steps, labels);
    result.loss -= alignment.log_likelihood();
    for (std::size_t t = 0; t < steps.size(); ++t) {
      for (std::size_t k = 0; k < rows.size; ++k) {
        result.gradient[(t * batch + b) * rows.size + k] =
            std::exp(steps[t][k]) - alignment.share(t, k);
      }
    }
  }
  return {};
}

}  // namespace gru::reference
