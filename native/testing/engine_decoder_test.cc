#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "model/decoder.h"
#include "testing/engine_testing.h"
#include "testing/interrupted_device.h"

/// Decoding, against plain searches that ask the whole model for the probabilities of each prefix.
namespace gru {
namespace {

using testing::coin;
using testing::Random;

using Tokens = std::vector<std::int32_t>;

constexpr std::int32_t begin_token = 0;
constexpr std::int32_t end_token = 1;

struct Sources {
  std::size_t steps = 0;
  std::size_t batch = 0;
  Tokens tokens;   ///< [steps, batch]
  Tokens lengths;  ///< [batch]

  /// Sequence b alone.
  Sources alone(std::size_t b) const {
    Sources one{steps, 1, {}, {lengths[b]}};
    for (std::size_t t = 0; t < steps; ++t) one.tokens.push_back(tokens[t * batch + b]);
    return one;
  }
  InputBatch input() const { return {{steps, batch, lengths}, {}, tokens}; }
};

/// An encoder and a decoder of random kinds, with or without attention.
GraphOptions random_translator(Random& random, std::size_t source_tokens,
                               std::size_t target_tokens) {
  RecurrentOptions encoder;
  encoder.hidden_size = random.size(2, 9);
  encoder.cell = coin(random) ? CellKind::lstm : CellKind::gru;
  encoder.bidirectional = coin(random);
  RecurrentOptions decoder;
  decoder.hidden_size = random.size(2, 9);
  decoder.cell = coin(random) ? CellKind::lstm : CellKind::gru;
  decoder.num_layers = random.size(1, 2);
  GraphOptions graph;
  graph.inputs = {{"source", true, source_tokens}, {"target", true, target_tokens}};
  graph.layers = {
      {"sourceVector", {"source"}, EmbeddingOptions{4}},
      {"encoder", {"sourceVector"}, encoder},
      {"encoded", {"encoder"}, SelectOptions{}},
      {"bridge",
       {"encoded"},
       LinearOptions{decoder.num_layers * decoder.hidden_size, Activation::tanh}},
      {"targetVector", {"target"}, EmbeddingOptions{4}},
      {"decoder", {"targetVector", "bridge"}, decoder},
  };
  std::string last = "decoder";
  if (coin(random)) {
    AttentionOptions attention{AttentionScore::additive, 5};
    if (coin(random)) attention = {};
    graph.layers.push_back({"attention", {"decoder", "encoder"}, attention});
    graph.layers.push_back({"both", {"decoder", "attention"}, ConcatOptions{}});
    graph.layers.push_back({"norm", {"both"}, LayerNormOptions{}});
    graph.layers.push_back({"combine", {"norm"}, LinearOptions{6, Activation::tanh}});
    last = "combine";
  }
  graph.layers.push_back({"head", {last}, LinearOptions{target_tokens}});
  graph.outputs = {{"head", {LossKind::cross_entropy}}};
  graph.batch_first = coin(random);
  return graph;
}

/// Without a recurrent layer, which would look at an abort flag itself.
GraphOptions plain_translator(std::size_t source_tokens, std::size_t target_tokens) {
  GraphOptions graph;
  graph.inputs = {{"source", true, source_tokens}, {"target", true, target_tokens}};
  graph.layers = {{"sourceVector", {"source"}, EmbeddingOptions{4}},
                  {"targetVector", {"target"}, EmbeddingOptions{4}},
                  {"attention", {"targetVector", "sourceVector"}, AttentionOptions{}},
                  {"both", {"targetVector", "attention"}, ConcatOptions{}},
                  {"head", {"both"}, LinearOptions{target_tokens}}};
  graph.outputs = {{"head", {LossKind::cross_entropy}}};
  return graph;
}

struct Translator {
  Translator(Random& random, std::size_t tokens, std::size_t batch)
      : Translator(random, random_translator(random, 7, tokens), batch, testing::test_device()) {}
  Translator(Random& random, const GraphOptions& graph, std::size_t batch,
             std::unique_ptr<Device> device)
      : options(graph), classes(graph.inputs[1].size) {
    sources.batch = batch;
    sources.steps = random.size(1, 5);
    sources.tokens = random.classes(sources.steps * batch, 7);
    sources.lengths = random.lengths(batch, sources.steps);
    if (options.batch_first) {  // the same tokens, as the caller has them
      sources.tokens =
          testing::swap_axes(std::span<const std::int32_t>(sources.tokens), sources.steps, batch);
    }
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(Model::create(options, std::move(device), 3, made));
    model = std::move(made);
    GRU_CHECK_OK(
        model->write_parameters(testing::random_floats(random, model->layout().count(), 0.8)));
    GRU_CHECK_OK(Decoder::create(model, 1, 0, decoder));
  }

  Sources alone(std::size_t b) const {
    if (!options.batch_first) return sources.alone(b);
    const auto first = sources.tokens.begin() + static_cast<std::ptrdiff_t>(b * sources.steps);
    return {sources.steps,
            1,
            {first, first + static_cast<std::ptrdiff_t>(sources.steps)},
            {sources.lengths[b]}};
  }

  std::vector<std::vector<Hypothesis>> decode(const Sources& from, const DecodeOptions& how) {
    const InputBatch inputs[] = {from.input(), {}};
    std::vector<std::vector<Hypothesis>> results;
    GRU_CHECK_OK(decoder->decode({inputs, how}, results));
    return results;
  }

  /// The log probabilities of what follows each prefix of `tokens` of one source: [tokens + 1,
  /// classes], by the whole model.
  std::vector<std::vector<double>> log_probabilities(const Sources& source, const Tokens& tokens) {
    Tokens given{begin_token};
    given.insert(given.end(), tokens.begin(), tokens.end());
    const InputBatch inputs[] = {source.input(), {{given.size(), 1, {}}, {}, given}};
    std::vector<float> logits(given.size() * classes);
    const std::span<float> room(logits);
    GRU_CHECK_OK(model->predict({inputs, {&room, 1}}));
    std::vector<std::vector<double>> rows;
    for (std::size_t t = 0; t < given.size(); ++t) {
      std::vector<double> row(logits.begin() + static_cast<std::ptrdiff_t>(t * classes),
                              logits.begin() + static_cast<std::ptrdiff_t>((t + 1) * classes));
      double sum = 0;
      for (const double logit : row) sum += std::exp(logit);
      for (double& logit : row) logit -= std::log(sum);
      rows.push_back(row);
    }
    return rows;
  }

  GraphOptions options;
  std::size_t classes;
  Sources sources;
  std::shared_ptr<Model> model;
  std::unique_ptr<Decoder> decoder;
};

bool are_same(const std::vector<Hypothesis>& a, const std::vector<Hypothesis>& b) {
  return std::ranges::equal(a, b, [](const Hypothesis& x, const Hypothesis& y) {
    return x.tokens == y.tokens && x.log_probability == y.log_probability && x.score == y.score;
  });
}

TEST_CASE("one beam follows the likeliest tokens") {
  Random random;
  for (int round = 0; round < 8; ++round) {
    Translator translator(random, 6, 4);
    DecodeOptions greedy{begin_token, end_token, 1, 8, 1};
    const auto results = translator.decode(translator.sources, greedy);
    for (std::size_t b = 0; b < translator.sources.batch; ++b) {
      CHECK(results[b].size() == 1);
      Tokens expected;
      double sum = 0;
      while (expected.size() < greedy.limit && (expected.empty() || expected.back() != end_token)) {
        const auto row = translator.log_probabilities(translator.alone(b), expected).back();
        const auto likeliest = std::ranges::max_element(row);
        expected.push_back(static_cast<std::int32_t>(likeliest - row.begin()));
        sum += *likeliest;
      }
      CHECK(results[b][0].tokens == expected);
      GRU_CHECK_NEAR(results[b][0].log_probability, sum, 1e-4);
      CHECK(results[b][0].score == results[b][0].log_probability);
    }
  }
}

/// All sequences that end or reach the limit, by plain recursion.
void enumerate(Translator& translator, const Sources& source, const Hypothesis& before,
               std::size_t limit, std::vector<Hypothesis>& all) {
  const auto row = translator.log_probabilities(source, before.tokens).back();
  for (std::size_t token = 0; token < row.size(); ++token) {
    Hypothesis longer = before;
    longer.tokens.push_back(static_cast<std::int32_t>(token));
    longer.log_probability += row[token];
    if (longer.tokens.back() == end_token || longer.tokens.size() == limit) {
      all.push_back(longer);
    } else {
      enumerate(translator, source, longer, limit, all);
    }
  }
}

double penalty_of(const DecodeOptions& options, double tokens) {
  if (options.penalty == LengthPenalty::none) return 1;
  if (options.penalty == LengthPenalty::mean) return tokens;
  return std::pow((5 + tokens) / 6, options.alpha);
}

TEST_CASE("a beam as wide as all sequences finds the best of them") {
  Random random;
  for (const LengthPenalty penalty :
       {LengthPenalty::none, LengthPenalty::mean, LengthPenalty::gnmt}) {
    Translator translator(random, 3, 2);
    DecodeOptions wide{begin_token, end_token, 200, 4, 5, penalty, 0.7};
    const auto results = translator.decode(translator.sources, wide);
    for (std::size_t b = 0; b < translator.sources.batch; ++b) {
      std::vector<Hypothesis> all;
      enumerate(translator, translator.alone(b), {}, wide.limit, all);
      for (Hypothesis& one : all) {
        one.score = one.log_probability / penalty_of(wide, static_cast<double>(one.tokens.size()));
      }
      std::ranges::sort(all, std::ranges::greater(), &Hypothesis::score);
      CHECK(results[b].size() == 5);
      for (std::size_t i = 0; i < 5; ++i) {
        GRU_CHECK_NEAR(results[b][i].score, all[i].score, 1e-4);
        const auto same = std::ranges::find(all, results[b][i].tokens, &Hypothesis::tokens);
        CHECK(same != all.end());
        GRU_CHECK_NEAR(results[b][i].log_probability, same->log_probability, 1e-4);
      }
    }
  }
}

/// The search as its rules say, with nothing cleverer than sorting all extensions.
std::vector<Hypothesis> plain_search(Translator& translator, const Sources& source,
                                     const DecodeOptions& how) {
  std::vector<Hypothesis> live{{}};
  std::vector<Hypothesis> done;
  for (std::size_t step = 1; !live.empty() && done.size() < how.beams; ++step) {
    std::vector<Hypothesis> extended;
    for (const Hypothesis& before : live) {
      const auto row = translator.log_probabilities(source, before.tokens).back();
      for (std::size_t token = 0; token < row.size(); ++token) {
        extended.push_back(before);
        extended.back().tokens.push_back(static_cast<std::int32_t>(token));
        extended.back().log_probability += row[token];
      }
    }
    std::ranges::sort(extended, std::ranges::greater(), &Hypothesis::log_probability);
    if (extended.size() > how.beams) extended.resize(how.beams);
    live.clear();
    for (const Hypothesis& one : extended) {
      (one.tokens.back() == end_token ? done : live).push_back(one);
    }
    if (step < how.limit) continue;
    if (done.size() < how.beams) done.insert(done.end(), live.begin(), live.end());
    break;
  }
  for (Hypothesis& one : done) {
    one.score = one.log_probability / penalty_of(how, static_cast<double>(one.tokens.size()));
  }
  std::ranges::sort(done, std::ranges::greater(), &Hypothesis::score);
  if (done.size() > how.best) done.resize(how.best);
  return done;
}

TEST_CASE("beams are those of a plain search") {
  Random random;
  for (int round = 0; round < 8; ++round) {
    Translator translator(random, random.size(3, 8), random.size(1, 4));
    const std::size_t beams = random.size(2, 5);
    const DecodeOptions how{begin_token,           end_token,           beams, random.size(1, 7),
                            random.size(1, beams), LengthPenalty::gnmt, 0.6};
    const auto results = translator.decode(translator.sources, how);
    for (std::size_t b = 0; b < translator.sources.batch; ++b) {
      const auto expected = plain_search(translator, translator.alone(b), how);
      CHECK(results[b].size() == expected.size());
      for (std::size_t i = 0; i < expected.size() && i < results[b].size(); ++i) {
        GRU_CHECK_NEAR(results[b][i].score, expected[i].score, 1e-4);
        GRU_CHECK_NEAR(results[b][i].log_probability, expected[i].log_probability, 1e-4);
      }
    }
  }
}

TEST_CASE("results of a source do not depend on the others nor on the schedule") {
  Random random;
  for (int round = 0; round < 6; ++round) {
    Translator translator(random, 9, 5);
    const DecodeOptions how{begin_token, end_token, 3, 10, 3, LengthPenalty::mean, 0};
    const auto together = translator.decode(translator.sources, how);
    for (std::size_t b = 0; b < translator.sources.batch; ++b) {
      CHECK(are_same(translator.decode(translator.alone(b), how)[0], together[b]));
    }
    for (const unsigned schedule : {2U, 3U}) {
      testing::set_schedule(schedule);
      const auto again = translator.decode(translator.sources, how);
      for (std::size_t b = 0; b < together.size(); ++b) CHECK(are_same(again[b], together[b]));
    }
    testing::set_schedule(1);
  }
}

TEST_CASE("new parameters count from the next call on") {
  Random random;
  Translator translator(random, 6, 3);
  const DecodeOptions how{begin_token, end_token, 2, 6, 2};
  const auto before = translator.decode(translator.sources, how);
  const std::vector<float> others =
      testing::random_floats(random, translator.model->layout().count(), 0.8);
  GRU_CHECK_OK(translator.model->write_parameters(others));
  const auto after = translator.decode(translator.sources, how);
  std::unique_ptr<Decoder> fresh;
  GRU_CHECK_OK(Decoder::create(translator.model, 1, 0, fresh));
  std::swap(fresh, translator.decoder);
  const auto expected = translator.decode(translator.sources, how);
  for (std::size_t b = 0; b < expected.size(); ++b) {
    CHECK(are_same(after[b], expected[b]));
    CHECK(!are_same(before[b], expected[b]));
  }
}

TEST_CASE("an abort ends decoding and what is no number is told") {
  Random random;
  Translator translator(random, 6, 3);
  const DecodeOptions how{begin_token, end_token, 2, 6, 2};
  const InputBatch inputs[] = {translator.sources.input(), {}};
  std::vector<std::vector<Hypothesis>> results;
  const AbortFlag abort{true};
  CHECK(translator.decoder->decode({inputs, how, &abort}, results).code() == StatusCode::aborted);
  std::vector<float> parameters(translator.model->layout().count());
  GRU_CHECK_OK(translator.model->read_parameters(parameters));
  parameters.back() = testing::nan_float;
  GRU_CHECK_OK(translator.model->write_parameters(parameters));
  CHECK(translator.decoder->decode({inputs, how}, results).code() == StatusCode::nonfinite);
  CHECK(results.empty());
}

bool are_all_same(const std::vector<std::vector<Hypothesis>>& a,
                  const std::vector<std::vector<Hypothesis>>& b) {
  return std::ranges::equal(a, b, are_same);
}

/// The number of operations of a call without an abort.
std::size_t operations_of(Translator& translator, testing::Interruption& interruption,
                          const DecodeOptions& how) {
  std::size_t operations = 0;
  const std::function<Status()> count = [&] {
    ++operations;
    interruption.arm(0, count);
    return Status();
  };
  interruption.arm(0, count);
  translator.decode(translator.sources, how);
  interruption.disarm();
  return operations;
}

/// Aborts calls at each of their operations.
void check_aborts(Random& random, const GraphOptions& graph) {
  testing::Interruption interruption;
  Translator translator(random, graph, 3,
                        std::make_unique<testing::InterruptedDevice>(interruption));
  const DecodeOptions how{begin_token, end_token, 3, 6, 3};
  const InputBatch inputs[] = {translator.sources.input(), {}};
  const auto expected = translator.decode(translator.sources, how);
  const std::size_t all = operations_of(translator, interruption, how);
  for (std::size_t operations = 0; operations < all; ++operations) {
    AbortFlag abort{false};
    interruption.arm(operations, [&] {
      abort = true;
      return Status();
    });
    std::vector<std::vector<Hypothesis>> results;
    const Status status = translator.decoder->decode({inputs, how, &abort}, results);
    CHECK(!interruption.is_armed());
    CHECK(status.code() == StatusCode::aborted);
    CHECK(results.empty());
    CHECK(are_all_same(translator.decode(translator.sources, how), expected));
  }
}

TEST_CASE("an abort within decoding ends it, in the last step too, and spoils no later call") {
  Random random;
  for (int round = 0; round < 4; ++round) {
    check_aborts(random, random_translator(random, 7, 6));
    check_aborts(random, plain_translator(7, 6));
  }
}

template <class Change>
void check_refused(const std::string& says, const Change& change) {
  Random random;
  Translator translator(random, 6, 2);
  GraphOptions options = translator.options;
  change(options);
  std::unique_ptr<Model> made;
  GRU_CHECK_OK(Model::create(options, testing::test_device(), 3, made));
  std::unique_ptr<Decoder> decoder;
  const Status status = Decoder::create(std::move(made), 1, 0, decoder);
  const bool refused =
      status.code() == StatusCode::value && status.message().find(says) != std::string::npos;
  if (!refused) FAIL_CHECK("expected ", says, ", got ", status.message());
}

TEST_CASE("graphs that do not go step by step are refused by name") {
  const auto layer = [](GraphOptions& options, const std::string& name) -> LayerOptions& {
    return *std::ranges::find(options.layers, name, &LayerOptions::name);
  };
  check_refused("layers.decoder: expected a layer that computes step by step", [&](auto& options) {
    std::get<RecurrentOptions>(layer(options, "decoder").kind).bidirectional = true;
    layer(options, "decoder").inputs.pop_back();
    options.layers.push_back({"other", {"bridge"}, LinearOptions{6}});
    options.outputs.push_back({"other", {LossKind::cross_entropy}});
  });
  check_refused("outputs.head: expected the 6 tokens of inputs.target, got 5 classes",
                [&](auto& options) { layer(options, "head").kind = LinearOptions{5}; });
  check_refused(
      "layers.again: expected a layer that computes step by step, got one that needs "
      "layers.decoder before the first step",
      [&](auto& options) {
        options.layers.push_back({"again", {"decoder", "decoder"}, AttentionOptions{}});
        options.outputs.push_back({"again", {LossKind::mean_squared_error}});
      });
  check_refused("layers.row: expected a layer that computes step by step", [&](auto& options) {
    options.layers.push_back({"row", {"decoder"}, SelectOptions{SelectStep::mean}});
    options.outputs.push_back({"row", {LossKind::mean_squared_error}});
  });
}

}  // namespace
}  // namespace gru
