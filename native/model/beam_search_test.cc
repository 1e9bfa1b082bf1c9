#include "model/beam_search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "testing/random_cases.h"

/// Which of equally likely hypotheses wins. In a row of logits the largest is 0 and the others are
/// multiples of -1000, whose exponentials are 0 in double. With one 0 the log probabilities are the
/// logits, so their sums are exact, and many are equal.
namespace gru {
namespace {

using testing::Random;

using Tokens = std::vector<std::int32_t>;
using Row = std::vector<float>;
/// The row of logits after the tokens of a hypothesis.
using Rows = std::map<Tokens, Row>;

constexpr std::int32_t end_token = 1;
constexpr float worse = -1000;

DecodeOptions options_of(std::size_t beams, std::size_t limit,
                         LengthPenalty penalty = LengthPenalty::none) {
  return {0, end_token, beams, limit, beams, penalty, 0.5};
}

/// Follows the live hypotheses of a search by what it tells of them, and answers with the rows of
/// each source.
std::vector<std::vector<Hypothesis>> search_all(const DecodeOptions& options,
                                                const std::vector<Rows>& rows) {
  BeamSearch search(options, rows.size());
  std::vector<Tokens> live(rows.size());
  while (!search.is_over()) {
    std::vector<float> logits;
    for (std::size_t i = 0; i < live.size(); ++i) {
      const Row& row = rows[static_cast<std::size_t>(search.sources()[i])].at(live[i]);
      logits.insert(logits.end(), row.begin(), row.end());
    }
    GRU_CHECK_OK(search.advance(logits, nullptr));
    std::vector<Tokens> longer;
    for (std::size_t i = 0; i < search.tokens().size(); ++i) {
      longer.push_back(live[static_cast<std::size_t>(search.parents()[i])]);
      longer.back().push_back(search.tokens()[i]);
    }
    live = std::move(longer);
  }
  return search.take_results();
}

TEST_CASE("an abort ends a step of the search") {
  BeamSearch search(options_of(2, 6), 2);
  AbortFlag abort{false};
  GRU_CHECK_OK(search.advance(Row{0, worse, 0, 0, worse, 0}, &abort));
  CHECK(search.tokens().size() == 4);
  abort = true;
  CHECK(search.advance(Row(4 * 3), &abort).code() == StatusCode::aborted);
}

std::vector<Tokens> tokens_of(const std::vector<Hypothesis>& results) {
  std::vector<Tokens> all;
  for (const Hypothesis& one : results) all.push_back(one.tokens);
  return all;
}

std::vector<Tokens> search_one(const DecodeOptions& options, const Rows& rows) {
  return tokens_of(search_all(options, {rows})[0]);
}

TEST_CASE("of equally likely tokens of one hypothesis the lower ones stay") {
  const Rows rows = {{{}, {worse, worse, 0, 0, 0}}};
  CHECK(search_one(options_of(1, 1), rows) == std::vector<Tokens>{{2}});
  CHECK(search_one(options_of(2, 1), rows) == std::vector<Tokens>{{2}, {3}});
  CHECK(search_one(options_of(4, 1), rows) == std::vector<Tokens>{{2}, {3}, {4}, {0}});
}

TEST_CASE("the end has no advantage over a token that is as likely") {
  const Rows rows = {{{}, {0, 0, worse}}, {{0}, {worse, worse, 0}}};
  CHECK(search_one(options_of(1, 2), rows) == std::vector<Tokens>{{0, 2}});
  const Rows end_first = {{{}, {worse, 0, 0}}};
  CHECK(search_one(options_of(1, 2), end_first) == std::vector<Tokens>{{1}});
}

TEST_CASE("of equally likely extensions the one of the better hypothesis stays") {
  // {3} is better than {2} by as much as its extensions by 0 and 3 are worse than {2, 0}.
  const Rows rows = {{{}, {3 * worse, 3 * worse, worse, 0}},
                     {{3}, {worse, 3 * worse, 0, worse}},
                     {{2}, {0, 3 * worse, 3 * worse, 3 * worse}},
                     {{0}, {0, 0, 0, 0}}};
  CHECK(search_one(options_of(3, 2), rows) == std::vector<Tokens>{{3, 2}, {3, 0}, {3, 3}});
}

TEST_CASE("of equally likely extensions of equally likely hypotheses the first one's stays") {
  // {2} stays before {3}, so its extension by 3 goes before that of {3} by 0.
  const Rows rows = {
      {{}, {worse, worse, 0, 0}}, {{2}, {worse, worse, worse, 0}}, {{3}, {0, worse, worse, worse}}};
  CHECK(search_one(options_of(2, 2), rows) == std::vector<Tokens>{{2, 3}, {3, 0}});
  const Rows both = {
      {{}, {worse, worse, 0, 0}}, {{2}, {worse, worse, 0, 0}}, {{3}, {0, 0, worse, worse}}};
  CHECK(search_one(options_of(2, 2), both) == std::vector<Tokens>{{2, 2}, {2, 3}});
}

TEST_CASE("a source stops at enough hypotheses that are done, though live ones are as likely") {
  const Rows rows = {{{}, {worse, 0, 0}}, {{2}, {0, 0, worse}}};
  CHECK(search_one(options_of(2, 5), rows) == std::vector<Tokens>{{1}, {2, 1}});
}

TEST_CASE("of results with equal scores the shorter one comes first") {
  const Rows sums = {{{}, {2 * worse, worse, 0}}, {{2}, {2 * worse, worse, 0}}};
  CHECK(search_one(options_of(2, 3), sums) == std::vector<Tokens>{{1}, {2, 1}});
  const Rows means = {{{}, {2 * worse, worse, 0}}, {{2}, {3 * worse, 2 * worse, 0}}};
  const auto results = search_all(options_of(2, 3, LengthPenalty::mean), {means})[0];
  CHECK(tokens_of(results) == std::vector<Tokens>{{1}, {2, 1}});
  CHECK(results[0].score == results[1].score);
}

TEST_CASE("of results with equal scores one that ended comes before those that the limit stopped") {
  const Rows rows = {{{}, {0, 0, 0, worse}}};
  CHECK(search_one(options_of(4, 1), rows) == std::vector<Tokens>{{1}, {0}, {2}, {3}});
}

/// A row after each sequence of fewer than `limit` tokens, with few different values.
Rows random_rows(Random& random, std::size_t classes, std::size_t limit) {
  Rows rows;
  std::vector<Tokens> last{{}};
  for (std::size_t length = 0; length < limit; ++length) {
    std::vector<Tokens> longer;
    for (const Tokens& tokens : last) {
      Row& row = rows[tokens];
      for (std::size_t token = 0; token < classes; ++token) {
        row.push_back(worse * static_cast<float>(random.size(1, 2)));
        longer.push_back(tokens);
        longer.back().push_back(static_cast<std::int32_t>(token));
      }
      row[random.size(0, classes - 1)] = 0;
    }
    last = std::move(longer);
  }
  return rows;
}

double score_of(const DecodeOptions& options, const Hypothesis& of) {
  const auto tokens = static_cast<double>(of.tokens.size());
  if (options.penalty == LengthPenalty::none) return of.log_probability;
  if (options.penalty == LengthPenalty::mean) return of.log_probability / tokens;
  return of.log_probability / std::pow((5 + tokens) / 6, options.alpha);
}

/// An extension, and what decides between it and equally likely ones.
struct Ranked {
  Hypothesis hypothesis;
  std::size_t parent = 0;  ///< its place among the live ones, best first
  std::size_t place = 0;   ///< among the extensions that stay

  bool has_ended() const { return hypothesis.tokens.back() == end_token; }
  auto as_extension() const {
    return std::tuple(-hypothesis.log_probability, parent, hypothesis.tokens.back());
  }
  auto as_result() const {
    return std::tuple(-hypothesis.score, hypothesis.tokens.size(), !has_ended(), place);
  }
};

/// All extensions of the live hypotheses, best first.
std::vector<Ranked> extend_all(const std::vector<Ranked>& live, const Rows& rows) {
  std::vector<Ranked> all;
  for (std::size_t parent = 0; parent < live.size(); ++parent) {
    const Hypothesis& before = live[parent].hypothesis;
    const Row& row = rows.at(before.tokens);
    for (std::size_t token = 0; token < row.size(); ++token) {
      Ranked& one = all.emplace_back(live[parent]);
      one.parent = parent;
      one.hypothesis.tokens.push_back(static_cast<std::int32_t>(token));
      one.hypothesis.log_probability += static_cast<double>(row[token]);
    }
  }
  std::ranges::sort(all, {}, &Ranked::as_extension);
  for (std::size_t place = 0; place < all.size(); ++place) all[place].place = place;
  return all;
}

/// The search as its rules say.
std::vector<Hypothesis> plain_search(const DecodeOptions& options, const Rows& rows) {
  std::vector<Ranked> live(1);
  std::vector<Ranked> done;
  for (std::size_t step = 1; !live.empty() && done.size() < options.beams; ++step) {
    std::vector<Ranked> extended = extend_all(live, rows);
    if (extended.size() > options.beams) extended.resize(options.beams);
    live.clear();
    for (const Ranked& one : extended) (one.has_ended() ? done : live).push_back(one);
    if (step < options.limit) continue;
    if (done.size() < options.beams) done.insert(done.end(), live.begin(), live.end());
    break;
  }
  for (Ranked& one : done) one.hypothesis.score = score_of(options, one.hypothesis);
  std::ranges::sort(done, {}, &Ranked::as_result);
  std::vector<Hypothesis> results;
  for (const Ranked& one : done) results.push_back(one.hypothesis);
  if (results.size() > options.best) results.resize(options.best);
  return results;
}

TEST_CASE("searches full of equally likely hypotheses follow the rules") {
  Random random;
  constexpr LengthPenalty penalties[] = {LengthPenalty::none, LengthPenalty::mean,
                                         LengthPenalty::gnmt};
  for (int round = 0; round < 300; ++round) {
    DecodeOptions options =
        options_of(random.size(1, 6), random.size(1, 4), penalties[random.size(0, 2)]);
    options.best = random.size(1, options.beams);
    const std::size_t classes = random.size(2, 4);
    std::vector<Rows> rows;
    for (std::size_t source = random.size(1, 3); source > 0; --source) {
      rows.push_back(random_rows(random, classes, options.limit));
    }
    const auto results = search_all(options, rows);
    for (std::size_t source = 0; source < rows.size(); ++source) {
      const std::vector<Hypothesis> expected = plain_search(options, rows[source]);
      CHECK(tokens_of(results[source]) == tokens_of(expected));
      for (std::size_t i = 0; i < expected.size() && i < results[source].size(); ++i) {
        CHECK(results[source][i].log_probability == expected[i].log_probability);
        CHECK(results[source][i].score == expected[i].score);
      }
    }
  }
}

}  // namespace
}  // namespace gru
