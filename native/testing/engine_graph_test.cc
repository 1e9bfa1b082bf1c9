#include <algorithm>
#include <string>
#include <vector>

#include "testing/engine_graphs.h"

/// Whole random graphs with all kinds of layers on the device, against the reference in double.
namespace gru {
namespace {

using testing::coin;
using testing::EngineGraph;
using testing::GraphExample;
using testing::GraphInput;
using testing::Random;
using testing::to_doubles;

/// Plain gradient descent: the change of the parameters is the gradients times a constant, so the
/// test compares the gradients.
OptimizerOptions descent() {
  OptimizerOptions options;
  options.kind = OptimizerKind::sgd;
  options.learning_rate = 1;
  return options;
}

double relative(double bound, double expected) { return bound * std::max(1.0, std::abs(expected)); }

void round_all(GraphExample& example) {
  testing::round_to_floats(example.parameters);
  for (GraphInput& input : example.data) testing::round_to_floats(input.features);
  for (testing::GraphTarget& target : example.expected) testing::round_to_floats(target.values);
}

void check_predictions(EngineGraph& engine, const GraphExample& example) {
  const ReferenceEdges edges = example.edges();
  const std::vector<std::vector<float>> predictions = engine.predictions();
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const std::string& name = example.options.outputs[i].layer;
    const std::vector<double>& expected = edges.at(name).values;
    double largest = 1;
    for (const double value : expected) largest = std::max(largest, std::abs(value));
    GRU_CHECK_ALL_NEAR(name, to_doubles(predictions[i]), expected, 1e-5 * largest);
  }
  const ReferenceGraphGradients evaluated = example.gradients();
  GRU_CHECK_NEAR(engine.evaluate().loss, evaluated.loss, relative(1e-5, evaluated.loss));
  StepMetrics metrics;
  CHECK(engine.evaluated_predictions(metrics) == predictions);
  CHECK(metrics.loss == engine.evaluate().loss);
}

/// One line for each layer, with its inputs.
std::string description_of(const GraphOptions& options) {
  std::string text;
  for (const LayerOptions& layer : options.layers) {
    text += layer.name + ": kind " + std::to_string(layer.kind.index()) + " of";
    for (const std::string& input : layer.inputs) text += " " + input;
    text += "\n";
  }
  return text;
}

/// Checks updates by gradient descent: their changes are the gradients.
void check_steps(const GraphExample& given, int steps) {
  GraphExample example = given;
  round_all(example);
  const ClipOptions clip{0.5, 0};
  EngineGraph engine(example, descent(), clip);
  ReferenceOptimizerState state;
  INFO(description_of(example.options));
  for (int step = 0; step < steps; ++step) {
    example.mask = {};
    check_predictions(engine, example);
    const std::size_t streams = testing::streams_of(example.options);
    example.mask = {EngineGraph::seed, dropout_stream + static_cast<std::uint64_t>(step) * streams,
                    0.5F};
    ReferenceStep expected;
    GRU_CHECK_OK(reference_graph_step(
        example.options, {descent(), clip, example.inputs(), example.targets(), example.mask},
        example.parameters, state, expected));
    const StepMetrics got = engine.step();
    GRU_CHECK_NEAR(got.loss, expected.loss, relative(1e-5, expected.loss));
    GRU_CHECK_NEAR(got.gradient_norm, expected.gradient_norm,
                   relative(2e-5, expected.gradient_norm));
    GRU_CHECK_ALL_NEAR("parameters", to_doubles(engine.parameters()), example.parameters, 1e-5);
  }
}

TEST_CASE("random graphs predict and learn as the reference does") {
  Random random;
  for (int round = 0; round < 24; ++round) check_steps(testing::random_graph(random), 3);
}

/// A graph with `layers` between a linear layer, so that a gradient must pass through them, and a
/// head.
GraphExample around(const std::vector<LayerOptions>& layers, const std::string& last,
                    Random& random, std::vector<std::vector<std::int32_t>> lengths) {
  GraphExample example;
  example.batch = lengths[0].size();
  example.options.inputs = {{"x", false, 3}, {"y", false, 4}};
  example.options.layers = {{"a", {"x"}, LinearOptions{6}}, {"b", {"y"}, LinearOptions{6}}};
  example.options.layers.insert(example.options.layers.end(), layers.begin(), layers.end());
  example.options.layers.push_back({"head", {last}, LinearOptions{2}});
  example.options.outputs = {{"head", {LossKind::mean_squared_error}}};
  example.data.resize(2);
  for (std::size_t i = 0; i < 2; ++i) {
    example.data[i].steps = static_cast<std::size_t>(*std::ranges::max_element(lengths[i]));
  }
  testing::fill(example, random, lengths, 0.4);
  return example;
}

/// y is the memory. Some of its sequences have no row, or none has.
TEST_CASE("attention reads memories without rows as zeros") {
  Random random;
  for (const AttentionScore score :
       {AttentionScore::additive, AttentionScore::scaled_dot_product}) {
    for (const std::vector<std::int32_t>& memory :
         {std::vector<std::int32_t>{0, 5, 0, 2}, std::vector<std::int32_t>{0, 0, 0, 0}}) {
      std::vector<LayerOptions> layers{{"c", {"a", "b"}, AttentionOptions{score, 5}},
                                       {"sum", {"a", "c"}, AddOptions{}}};
      check_steps(around(layers, "sum", random, {{3, 1, 0, 2}, memory}), 2);
    }
  }
}

TEST_CASE("a sequence may attend to itself and one row to a sequence") {
  Random random;
  for (const AttentionScore score :
       {AttentionScore::additive, AttentionScore::scaled_dot_product}) {
    const AttentionOptions attention{score, 4};
    std::vector<LayerOptions> layers{{"self", {"a", "a"}, attention},
                                     {"one", {"b"}, SelectOptions{SelectStep::mean}},
                                     {"cross", {"one", "self"}, attention}};
    check_steps(around(layers, "cross", random, {{3, 1, 0, 2}, {1, 4, 2, 0}}), 2);
  }
}

TEST_CASE("initial states come from sequences that are sorted differently") {
  Random random;
  for (const bool bidirectional : {false, true}) {
    RecurrentOptions stack;
    stack.hidden_size = bidirectional ? 3 : 6;
    stack.bidirectional = bidirectional;
    std::vector<LayerOptions> layers{{"start", {"b"}, SelectOptions{}},
                                     {"memory", {"a", "start"}, stack}};
    // Sequences with and without a row in each. In the last batch no sequence has a row of a state.
    check_steps(around(layers, "memory", random, {{3, 1, 0, 2, 0}, {1, 4, 2, 0, 0}}), 2);
    check_steps(around(layers, "memory", random, {{3, 1, 2}, {0, 0, 0}}), 2);
  }
}

TEST_CASE("a recurrent layer without any row has no gradient") {
  Random random;
  RecurrentOptions stack;
  stack.hidden_size = 6;
  std::vector<LayerOptions> layers{{"encoder", {"b"}, stack},
                                   {"start", {"encoder"}, SelectOptions{}},
                                   {"memory", {"a", "start"}, stack}};
  check_steps(around(layers, "memory", random, {{3, 1, 2}, {0, 0, 0}}), 2);
}

/// Freezes some layers, and compares a step with one of a trainer that has no frozen layer.
void check_frozen(const GraphExample& example, Random& random) {
  INFO(description_of(example.options));
  EngineGraph engine(example, descent(), {});
  TrainerOptions options{descent(), {}};
  std::vector<std::string> frozen;
  for (const LayerOptions& layer : example.options.layers) {
    if (coin(random)) frozen.push_back(layer.name + ".");
  }
  for (const ParameterSpec& spec : engine.model().layout().specs()) {
    ParameterOptions own;
    own.frozen = std::ranges::any_of(
        frozen, [&](const std::string& name) { return spec.name.starts_with(name); });
    options.parameters.push_back(own);
  }
  std::unique_ptr<Trainer> trainer;
  GRU_CHECK_OK(Trainer::create(engine.shared_model(), options, trainer));
  const std::vector<float> before = engine.parameters();
  const TrainingBatch batch = engine.batch();
  StepMetrics metrics;
  GRU_CHECK_OK(trainer->step({&batch, 1}, {}, metrics));
  const std::vector<float> partly = engine.parameters();
  GRU_CHECK_OK(engine.model().write_parameters(before));
  CHECK(engine.step().loss == metrics.loss);
  std::vector<float> expected = engine.parameters();
  const std::vector<ParameterSpec>& specs = engine.model().layout().specs();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!options.parameters[i].frozen) continue;
    const auto first = static_cast<std::ptrdiff_t>(specs[i].offset);
    std::copy_n(before.begin() + first, specs[i].count, expected.begin() + first);
  }
  CHECK(testing::same_bits(partly, expected));
}

TEST_CASE("frozen layers change no bit of the others' gradients") {
  Random random;
  for (int round = 0; round < 24; ++round) {
    GraphExample example = testing::random_graph(random);
    round_all(example);
    check_frozen(example, random);
  }
  RecurrentOptions stack;
  stack.hidden_size = 6;
  const std::vector<LayerOptions> layers{{"start", {"b"}, SelectOptions{}},
                                         {"memory", {"a", "start"}, stack},
                                         {"context", {"memory", "b"}, AttentionOptions{}},
                                         {"sum", {"memory", "context"}, AddOptions{}}};
  for (int round = 0; round < 12; ++round) {
    check_frozen(around(layers, "sum", random, {{3, 1, 0, 2}, {1, 4, 2, 0}}), random);
  }
}

/// The other sequences of a batch must not change a bit of a prediction.
TEST_CASE("a sequence is predicted with the same bits alone and in any batch") {
  Random random;
  for (int round = 0; round < 6; ++round) {
    const GraphExample example = testing::random_graph(random);
    const std::vector<std::vector<float>> together = EngineGraph(example, {}, {}).predictions();
    for (std::size_t b = 0; b < example.batch; ++b) {
      const std::vector<std::vector<float>> alone =
          EngineGraph(testing::sequence_of(example, b), {}, {}).predictions();
      for (std::size_t i = 0; i < alone.size(); ++i) {
        const std::size_t width = example.edges().at(example.options.outputs[i].layer).width;
        const std::vector<float> mine =
            testing::rows_of_sequence(together[i], width, example.batch, b);
        CHECK(testing::same_bits(alone[i], mine));
      }
    }
  }
}

/// Devices keep copies of weights for predictions.
TEST_CASE("predictions follow every change of the parameters") {
  Random random;
  for (int round = 0; round < 6; ++round) {
    const GraphExample example = testing::random_graph(random);
    EngineGraph engine(example, descent(), {});
    engine.predictions();
    for (int step = 0; step < 2; ++step) {
      engine.step();
      EngineGraph other(example, {}, {});
      GRU_CHECK_OK(other.model().write_parameters(engine.parameters()));
      const std::vector<std::vector<float>> got = engine.predictions();
      const std::vector<std::vector<float>> expected = other.predictions();
      for (std::size_t i = 0; i < got.size(); ++i) CHECK(testing::same_bits(got[i], expected[i]));
    }
  }
}

/// All results of three steps.
std::vector<std::vector<float>> bits_of(const GraphExample& example, unsigned schedule) {
  testing::set_schedule(schedule);
  EngineGraph engine(example, descent(), {0.5, 0});
  std::vector<std::vector<float>> bits = engine.predictions();
  for (int step = 0; step < 3; ++step) {
    const StepMetrics metrics = engine.step();
    bits.push_back({static_cast<float>(metrics.loss), static_cast<float>(metrics.gradient_norm)});
    bits.push_back(engine.parameters());
  }
  return bits;
}

void check_bits(const GraphExample& example) {
  const std::vector<std::vector<float>> alone = bits_of(example, 1);
  for (const unsigned schedule : {2U, 3U}) {
    const std::vector<std::vector<float>> others = bits_of(example, schedule);
    for (std::size_t i = 0; i < alone.size(); ++i) {
      CHECK(testing::same_bits(others[i], alone[i]));
    }
  }
  testing::set_schedule(1);
}

TEST_CASE("bits of a graph do not depend on the schedule") {
  Random random;
  for (int round = 0; round < 4; ++round) {
    check_bits(testing::random_graph(random, {40, 20, 60, true}));
  }
}

/// Every operation has enough work for three threads.
TEST_CASE("bits of large layers do not depend on the schedule") {
  Random random;
  const std::vector<std::vector<std::int32_t>> lengths{random.lengths(40, 30),
                                                       random.lengths(40, 40)};
  for (const AttentionScore score :
       {AttentionScore::additive, AttentionScore::scaled_dot_product}) {
    std::vector<LayerOptions> layers{{"query", {"a"}, LinearOptions{40, Activation::tanh}},
                                     {"memory", {"b"}, LinearOptions{50, Activation::sigmoid}},
                                     {"normed", {"memory"}, LayerNormOptions{}},
                                     {"masked", {"normed"}, DropoutOptions{0.3F}},
                                     {"context", {"query", "masked"}, AttentionOptions{score, 60}},
                                     {"mean", {"context"}, SelectOptions{SelectStep::mean}}};
    check_bits(around(layers, "mean", random, lengths));
  }
}

}  // namespace
}  // namespace gru
