#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "device/device.h"

namespace gru {

/// The divisor of a hypothesis's log probability. Without it short hypotheses are preferred. n is
/// the number of its tokens, including the end.
enum class LengthPenalty : std::uint8_t {
  none,  ///< 1
  mean,  ///< n
  gnmt,  ///< ((5 + n) / 6)^alpha (Wu et al. 2016)
};

struct DecodeOptions {
  std::int32_t begin = 0;  ///< the token before the first one
  std::int32_t end = 0;    ///< the token that ends a hypothesis
  std::size_t beams = 1;   ///< hypotheses that are kept at each step; 1: greedy
  std::size_t limit = 1;   ///< the largest number of tokens
  std::size_t best = 1;    ///< results of each source, from 1 to `beams`
  LengthPenalty penalty = LengthPenalty::none;
  double alpha = 0;
};

struct Hypothesis {
  std::vector<std::int32_t>
      tokens;  ///< without the begin; the last is the end, unless the limit came first
  double log_probability = 0;  ///< the sum over its tokens
  double score = 0;            ///< log_probability divided by the length penalty
};

/// Beam search for several sources at once. At each step all live hypotheses of a source are
/// extended by every token, and the most likely `beams` extensions stay. A hypothesis whose last
/// token is the end is done. A source stops when `beams` hypotheses are done or when none is live.
/// It also stops at the limit; then the live ones count as done. Of two equally likely extensions,
/// the one of the better hypothesis stays; if both extend the same hypothesis, the one with the
/// lower token stays. Of two equally likely hypotheses, the one that stays by this rule is better.
/// The end counts as any other token.
class BeamSearch {
 public:
  BeamSearch(const DecodeOptions& options, std::size_t source_count);

  /// Whether no hypothesis is live.
  bool is_over() const { return live_.empty(); }
  /// For each live hypothesis, in the order of the sources: its last token, its source, and the
  /// number of the hypothesis that it extends, among those before the last advance().
  std::span<const std::int32_t> tokens() const { return tokens_; }
  std::span<const std::int32_t> sources() const { return sources_; }
  std::span<const std::int32_t> parents() const { return parents_; }
  /// Takes a row of logits for each live hypothesis, [live, classes]. Nonfinite status if a
  /// probability would not be finite. Looks at `abort` (null: none) before each hypothesis. After a
  /// failure or an abort the search cannot be used any more.
  Status advance(std::span<const float> logits, const AbortFlag* abort);
  /// The best hypotheses of each source, best first. Of two with equal scores, the one with fewer
  /// tokens comes first. If both have as many tokens, one that ended comes before one that the
  /// limit stopped; otherwise the one comes first that would stay as an extension.
  std::vector<std::vector<Hypothesis>> take_results();

 private:
  struct Extension {
    std::size_t parent;
    std::int32_t token;
    double log_probability;
  };

  Status extend(std::size_t first, std::size_t end, std::span<const float> logits,
                const AbortFlag* abort);
  void keep(const Extension& extension);
  void split_done_and_live(std::int32_t source);
  double score_of(const Hypothesis& hypothesis) const;
  void add_live(Hypothesis hypothesis, std::int32_t source, std::size_t parent);

  DecodeOptions options_;
  std::size_t steps_ = 0;
  std::vector<std::vector<Hypothesis>> done_;  ///< of each source
  std::vector<Hypothesis> live_;
  std::vector<std::int32_t> tokens_;
  std::vector<std::int32_t> sources_;
  std::vector<std::int32_t> parents_;
  // Of one advance():
  std::vector<Hypothesis> before_;
  std::vector<Extension> kept_;  ///< of one source, best first
};

}  // namespace gru
