#include "reference/graph.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "reference/recurrent.h"
#include "testing/chain.h"
#include "testing/random_cases.h"

namespace gru {
namespace {

using testing::chain;
using testing::ChainOptions;
using testing::InputKind;
using testing::Random;

struct Example {
  ChainOptions options;
  std::size_t steps = 1;
  std::size_t batch = 1;
  std::vector<double> parameters, features, values;
  std::vector<std::int32_t> tokens, classes, lengths;
  DropoutMask mask;

  std::size_t rows() const { return options.every == Every::step ? steps * batch : batch; }
  GraphOptions graph() const { return chain(options); }
  std::vector<ReferenceBatch> inputs() const { return {{steps, batch, features, tokens, lengths}}; }
  std::vector<ReferenceTarget> targets() const { return {{classes, values}}; }
  ReferenceGraphGradients gradients() const {
    ReferenceGraphGradients result;
    GRU_CHECK_OK(reference_graph_gradients(graph(), parameters, inputs(), targets(), mask, result));
    return result;
  }
  std::vector<double> predictions() const {
    ReferenceEdges edges;
    GRU_CHECK_OK(reference_graph_forward(graph(), parameters, inputs(), mask, edges));
    return edges["head"].values;
  }
  /// Parameters of the embedding, and of the head.
  std::size_t embedding_count() const {
    return options.input == InputKind::tokens ? options.tokens * options.gru.input_size : 0;
  }
  std::size_t head_count() const { return (options.gru.output_size() + 1) * options.output_size; }
};

/// `options` gives the kinds; sizes and values are random.
Example random_example(ChainOptions options, Random& random) {
  Example example;
  options.tokens = 5;
  options.output_size = random.odd_size();
  options.gru.input_size = random.odd_size();
  options.gru.hidden_size = random.odd_size();
  example.options = options;
  example.steps = random.size(1, 4);
  example.batch = random.size(1, 3);
  example.parameters = random.values(reference_graph_parameter_count(chain(options)), 0.7);
  const std::size_t rows = example.rows();
  const std::size_t inputs = example.steps * example.batch;
  if (options.input == InputKind::tokens) {
    example.tokens = random.classes(inputs, options.tokens);
  } else {
    example.features = random.values(inputs * options.gru.input_size);
  }
  if (options.loss == LossKind::cross_entropy) {
    example.classes = random.classes(rows, options.output_size);
  } else {
    example.values = random.values(rows * options.output_size);
  }
  return example;
}

std::vector<ChainOptions> all_options() {
  std::vector<ChainOptions> all;
  for (const InputKind input : {InputKind::features, InputKind::tokens}) {
    for (const LossKind loss : {LossKind::cross_entropy, LossKind::mean_squared_error}) {
      for (const Every every : {Every::step, Every::last}) {
        for (const bool bidirectional : {false, true}) {
          for (const CellKind cell : {CellKind::gru, CellKind::lstm}) {
            ChainOptions options;
            options.input = input;
            options.loss = loss;
            options.every = every;
            options.gru.bidirectional = bidirectional;
            options.gru.cell = cell;
            all.push_back(options);
          }
        }
      }
    }
  }
  return all;
}

TEST_CASE("gradients of every kind of model agree with finite differences") {
  Random random;
  for (ChainOptions options : all_options()) {
    options.gru.num_layers = random.size(1, 2);
    Example example = random_example(options, random);
    example.lengths = random.lengths(example.batch, example.steps);
    example.mask = {random.size(0, 1000), 3, 0.3F};
    example.options.gru.dropout = 0.3F;
    const std::vector<double> gradient = example.gradients().parameters;
    GRU_CHECK_GRADIENT("parameters", example.parameters, gradient,
                       [&] { return example.gradients().loss; });
  }
}

/// The head, computed a second way: row i of `features` [rows, D*H] gives row i of the predictions.
std::vector<double> head_of(const Example& example, const std::vector<double>& features) {
  const std::size_t width = example.options.gru.output_size();
  const double* weight =
      example.parameters.data() + example.parameters.size() - example.head_count();
  const double* bias = weight + example.options.output_size * width;
  std::vector<double> predictions;
  for (std::size_t i = 0; i < features.size() / width; ++i) {
    for (std::size_t o = 0; o < example.options.output_size; ++o) {
      double y = bias[o];
      for (std::size_t j = 0; j < width; ++j) {
        y += weight[o * width + j] * features[i * width + j];
      }
      predictions.push_back(y);
    }
  }
  return predictions;
}

/// Runs the stack alone on the example's input. Rows of the embedding replace tokens.
ReferencePass stack_of(const Example& example) {
  std::vector<double> input = example.features;
  for (const std::int32_t token : example.tokens) {
    const std::size_t width = example.options.gru.input_size;
    const double* row = example.parameters.data() + static_cast<std::size_t>(token) * width;
    input.insert(input.end(), row, row + width);
  }
  const std::size_t begin = example.embedding_count();
  const std::span<const double> parameters =
      std::span(example.parameters)
          .subspan(begin, example.parameters.size() - begin - example.head_count());
  ReferencePass pass;
  GRU_CHECK_OK(reference_recurrent_forward(
      example.options.gru, parameters,
      {example.steps, example.batch, input, {}, {}, example.lengths, example.mask}, pass));
  return pass;
}

TEST_CASE("a model that predicts at every step is its parts") {
  Random random;
  for (const InputKind input : {InputKind::features, InputKind::tokens}) {
    ChainOptions options;
    options.input = input;
    options.gru.bidirectional = true;
    options.gru.num_layers = 2;
    const Example example = random_example(options, random);
    GRU_CHECK_ALL_NEAR("predictions", example.predictions(),
                       head_of(example, stack_of(example).output), 1e-14);
  }
}

TEST_CASE("a model that predicts last reads both final states of the top layer") {
  Random random;
  ChainOptions options;
  options.every = Every::last;
  options.gru.bidirectional = true;
  options.gru.num_layers = 2;
  const Example example = random_example(options, random);
  // With full sequences, the forward direction ends at the last step and the reverse one at the
  // first.
  const std::vector<double> output = stack_of(example).output;
  const std::size_t H = example.options.gru.hidden_size;
  std::vector<double> features;
  for (std::size_t b = 0; b < example.batch; ++b) {
    const double* last = output.data() + ((example.steps - 1) * example.batch + b) * 2 * H;
    const double* first = output.data() + b * 2 * H + H;
    features.insert(features.end(), last, last + H);
    features.insert(features.end(), first, first + H);
  }
  GRU_CHECK_ALL_NEAR("predictions", example.predictions(), head_of(example, features), 1e-14);
}

TEST_CASE("rows past a length are not predicted and do not count") {
  Random random;
  for (const Every every : {Every::step, Every::last}) {
    ChainOptions options;
    options.every = every;
    options.loss = LossKind::mean_squared_error;
    Example whole = random_example(options, random);
    whole.steps = 3;
    whole.batch = 2;
    whole.features = random.values(6 * whole.options.gru.input_size);
    whole.values = random.values(whole.rows() * whole.options.output_size);
    whole.lengths = {2, 0};

    const std::size_t O = whole.options.output_size;
    const std::size_t I = whole.options.gru.input_size;
    Example alone = whole;  // sequence 0, cut to its two valid steps
    alone.steps = 2;
    alone.batch = 1;
    alone.lengths = {};
    alone.features.clear();
    alone.values.clear();
    std::vector<double> padded(whole.rows() * O, 0.0);
    for (std::size_t t = 0; t < 2; ++t) {
      const double* x = whole.features.data() + t * 2 * I;
      alone.features.insert(alone.features.end(), x, x + I);
    }
    for (std::size_t row = 0; row < alone.rows(); ++row) {
      const double* target = whole.values.data() + row * 2 * O;
      alone.values.insert(alone.values.end(), target, target + O);
    }
    const std::vector<double> predictions = alone.predictions();
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      padded[(i / O) * 2 * O + i % O] = predictions[i];
    }
    GRU_CHECK_ALL_NEAR("predictions", whole.predictions(), padded, 0);
    GRU_CHECK_NEAR(whole.gradients().loss, alone.gradients().loss, 1e-15);
    GRU_CHECK_ALL_NEAR("gradients", whole.gradients().parameters, alone.gradients().parameters,
                       1e-15);
  }
}

TEST_CASE("a step is gradients, then clipping, then update") {
  Random random;
  Example example = random_example(ChainOptions(), random);
  OptimizerOptions optimizer;
  optimizer.kind = OptimizerKind::sgd;
  optimizer.learning_rate = 0.5;
  const ReferenceGraphGradients gradients = example.gradients();
  const double norm = reference_gradient_norm(gradients.parameters);
  const ClipOptions clip{norm / 2, norm / 8};

  std::vector<double> expected = example.parameters;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double scaled = gradients.parameters[i] * clip.norm / (norm + 1e-6);
    expected[i] -= 0.5 * std::max(std::min(scaled, clip.value), -clip.value);
  }
  ReferenceOptimizerState state;
  ReferenceStep step;
  GRU_CHECK_OK(reference_graph_step(
      example.graph(), {optimizer, clip, example.inputs(), example.targets(), example.mask},
      example.parameters, state, step));
  GRU_CHECK_NEAR(step.loss, gradients.loss, 0);
  GRU_CHECK_NEAR(step.gradient_norm, norm, 0);
  GRU_CHECK_ALL_NEAR("parameters", example.parameters, expected, 1e-15);
}

TEST_CASE("wrong input is refused by name and changes nothing") {
  Random random;
  Example right = random_example(ChainOptions(), random);
  const auto refuse = [&](StatusCode code, const std::string& part, auto&& spoil) {
    Example wrong = right;
    spoil(wrong);
    const std::vector<double> before = wrong.parameters;
    ReferenceOptimizerState state;
    ReferenceStep step;
    GRU_CHECK_REFUSED(
        reference_graph_step(wrong.graph(), {{}, {}, wrong.inputs(), wrong.targets(), wrong.mask},
                             wrong.parameters, state, step),
        code, part);
    CHECK(wrong.parameters == before);
    CHECK(state.step == 0);
  };
  refuse(StatusCode::shape, "input: ", [](Example& e) { e.features.pop_back(); });
  refuse(StatusCode::shape, "target: ", [](Example& e) { e.classes.pop_back(); });
  refuse(StatusCode::value, "target: ", [](Example& e) { e.classes[0] = 99; });
  refuse(StatusCode::shape, "parameters: ", [](Example& e) { e.parameters.pop_back(); });
  right.options.input = InputKind::tokens;
  right.tokens.assign(right.steps * right.batch, 0);
  right.parameters.resize(reference_graph_parameter_count(right.graph()));
  refuse(StatusCode::value, "tokens: ", [](Example& e) { e.tokens[0] = 5; });
  refuse(StatusCode::shape, "input: ", [](Example& e) { e.tokens.pop_back(); });
}

}  // namespace
}  // namespace gru
