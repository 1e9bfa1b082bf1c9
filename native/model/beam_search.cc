#include "model/beam_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gru {

namespace {

/// log(sum of exp(logits)), in double.
double log_sum(std::span<const float> logits) {
  double largest = -HUGE_VAL;
  for (const float logit : logits) largest = std::max(largest, static_cast<double>(logit));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return largest + std::log(sum);
}

}  // namespace

BeamSearch::BeamSearch(const DecodeOptions& options, std::size_t source_count)
    : options_(options), done_(source_count) {
  for (std::size_t source = 0; source < source_count; ++source) {
    add_live({}, static_cast<std::int32_t>(source), 0);
  }
  std::ranges::fill(tokens_, options.begin);
}

void BeamSearch::add_live(Hypothesis hypothesis, std::int32_t source, std::size_t parent) {
  tokens_.push_back(hypothesis.tokens.empty() ? 0 : hypothesis.tokens.back());
  sources_.push_back(source);
  parents_.push_back(static_cast<std::int32_t>(parent));
  live_.push_back(std::move(hypothesis));
}

Status BeamSearch::advance(std::span<const float> logits, const AbortFlag* abort) {
  ++steps_;
  before_ = std::exchange(live_, {});
  const std::vector<std::int32_t> sources = std::exchange(sources_, {});
  tokens_.clear();
  parents_.clear();
  const std::size_t classes = logits.size() / before_.size();
  for (std::size_t first = 0; first < before_.size();) {
    std::size_t end = first;
    while (end < before_.size() && sources[end] == sources[first]) ++end;
    GRU_RETURN_IF_ERROR(
        extend(first, end, logits.subspan(first * classes, (end - first) * classes), abort));
    split_done_and_live(sources[first]);
    first = end;
  }
  return {};
}

/// The best extensions of the hypotheses of one source, into kept_.
Status BeamSearch::extend(std::size_t first, std::size_t end, std::span<const float> logits,
                          const AbortFlag* abort) {
  kept_.clear();
  const std::size_t classes = logits.size() / (end - first);
  for (std::size_t i = first; i < end; ++i) {
    if (abort != nullptr && abort->load(std::memory_order_relaxed)) return Status::aborted();
    const std::span<const float> row = logits.subspan((i - first) * classes, classes);
    const double total = log_sum(row);
    if (!std::isfinite(total)) {
      return Status::nonfinite(
          "predictions: expected finite numbers, got NaN or infinity. Look for them in the "
          "parameters");
    }
    for (std::size_t token = 0; token < classes; ++token) {
      keep({i, static_cast<std::int32_t>(token),
            before_[i].log_probability + (static_cast<double>(row[token]) - total)});
    }
  }
  return {};
}

void BeamSearch::keep(const Extension& extension) {
  const auto is_better = [](const Extension& a, const Extension& b) {
    return a.log_probability > b.log_probability;
  };
  if (kept_.size() == options_.beams) {
    if (!is_better(extension, kept_.back())) return;
    kept_.pop_back();
  }
  kept_.insert(std::ranges::upper_bound(kept_, extension, is_better), extension);
}

/// Moves the extensions in kept_ to the done hypotheses of their source, or to the live ones.
void BeamSearch::split_done_and_live(std::int32_t source) {
  std::vector<Hypothesis>& done = done_[static_cast<std::size_t>(source)];
  std::vector<std::pair<std::size_t, Hypothesis>> going_on;
  for (const Extension& extension : kept_) {
    Hypothesis longer{before_[extension.parent].tokens, extension.log_probability, 0};
    longer.tokens.push_back(extension.token);
    if (extension.token == options_.end) {
      done.push_back(std::move(longer));
    } else {
      going_on.emplace_back(extension.parent, std::move(longer));
    }
  }
  if (done.size() >= options_.beams) return;
  for (auto& [parent, hypothesis] : going_on) {
    if (steps_ == options_.limit) {
      done.push_back(std::move(hypothesis));
    } else {
      add_live(std::move(hypothesis), source, parent);
    }
  }
}

double BeamSearch::score_of(const Hypothesis& hypothesis) const {
  const auto tokens = static_cast<double>(hypothesis.tokens.size());
  switch (options_.penalty) {
    case LengthPenalty::none:
      return hypothesis.log_probability;
    case LengthPenalty::mean:
      return hypothesis.log_probability / tokens;
    case LengthPenalty::gnmt:
      return hypothesis.log_probability / std::pow((5 + tokens) / 6, options_.alpha);
  }
  return 0;
}

std::vector<std::vector<Hypothesis>> BeamSearch::take_results() {
  for (std::vector<Hypothesis>& done : done_) {
    // std::stable_sort of GCC 12's library makes Clang 19 warn of a deprecated function.
    std::vector<Hypothesis> sorted;
    for (Hypothesis& hypothesis : done) {
      hypothesis.score = score_of(hypothesis);
      const auto behind_equals = std::ranges::upper_bound(
          sorted, hypothesis.score, std::ranges::greater(), &Hypothesis::score);
      sorted.insert(behind_equals, std::move(hypothesis));
    }
    done = std::move(sorted);
    if (done.size() > options_.best) done.resize(options_.best);
  }
  return std::move(done_);
}

}  // namespace gru
