#include <algorithm>
#include <memory>
#include <vector>

#include "reference/graph.h"
#include "testing/chain_training.h"
#include "testing/engine_testing.h"

/// Models and whole training steps on the device against the reference in double.
namespace gru {
namespace {

using testing::chain;
using testing::ChainInput;
using testing::ChainOptions;
using testing::coin;
using testing::InputKind;
using testing::Random;
using testing::to_doubles;
using testing::to_floats;

/// A model with one batch, time-major as for the reference.
struct ModelExample {
  ChainOptions options;
  std::size_t steps, batch;
  std::vector<double> parameters, features, values;
  std::vector<std::int32_t> tokens, classes, lengths;

  ModelExample(const ChainOptions& kinds, Random& random)
      : options(kinds), steps(random.size(1, 7)), batch(random.size(1, 7)) {
    options.tokens = random.size(1, 9);
    options.output_size = random.odd_size();
    options.gru.input_size = random.size(1, 20);
    options.gru.hidden_size = random.size(1, 33);
    options.gru.num_layers = random.size(1, 2);
    options.gru.batch_first = coin(random);
    options.gru.dropout = coin(random) ? 0.3F : 0;
    parameters = random.values(reference_graph_parameter_count(graph()),
                               testing::parameter_scale(options.gru));
    if (options.input == InputKind::tokens) {
      tokens = random.classes(steps * batch, options.tokens);
    } else {
      features = random.values(steps * batch * options.gru.input_size);
    }
    const std::size_t rows = options.every == Every::step ? steps * batch : batch;
    if (options.loss == LossKind::cross_entropy) {
      classes = random.classes(rows, options.output_size);
    } else {
      values = random.values(rows * options.output_size);
    }
    if (coin(random)) lengths = random.lengths(batch, steps);
    if (batch == 1) lengths.clear();  // a length of zero would leave no valid step
    for (auto* numbers : {&parameters, &features, &values}) testing::round_to_floats(*numbers);
  }

  GraphOptions graph() const { return chain(options); }
  std::vector<ReferenceBatch> inputs() const { return {{steps, batch, features, tokens, lengths}}; }
  std::vector<ReferenceTarget> targets() const { return {{classes, values}}; }
  /// The mask of a training pass.
  DropoutMask mask(std::uint64_t pass) const {
    return {seed, dropout_stream + pass * options.gru.num_layers, 0.5F};
  }

  static constexpr std::uint64_t seed = 5;
};

/// The same on the engine, in the layout of the options.
class EngineModel {
 public:
  EngineModel(const ModelExample& of, const OptimizerOptions& optimizer, const ClipOptions& clip)
      : example_(of),
        features_(to_floats(of.features)),
        values_(to_floats(of.values)),
        tokens_(of.tokens),
        classes_(of.classes) {
    if (of.options.gru.batch_first) {
      features_ = batch_major(features_);
      tokens_ = batch_major(tokens_);
      if (of.options.every == Every::step) {
        values_ = batch_major(values_);
        classes_ = batch_major(classes_);
      }
    }
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(Model::create(of.graph(), testing::test_device(), ModelExample::seed, made));
    model_ = std::move(made);
    GRU_CHECK_OK(model_->write_parameters(to_floats(of.parameters)));
    GRU_CHECK_OK(Trainer::create(model_, {optimizer, clip}, trainer_));
  }

  StepMetrics step() {
    StepMetrics metrics;
    GRU_CHECK_OK(testing::step(*trainer_, input(), {classes_, values_}, metrics));
    return metrics;
  }
  StepMetrics evaluate() {
    StepMetrics metrics;
    GRU_CHECK_OK(testing::evaluate(*trainer_, input(), {classes_, values_}, metrics));
    return metrics;
  }
  std::vector<double> parameters() const {
    std::vector<float> values(model_->layout().count());
    GRU_CHECK_OK(model_->read_parameters(values));
    return to_doubles(values);
  }
  std::vector<double> predictions() {
    const bool every_step = example_.options.every == Every::step;
    const std::size_t rows = (every_step ? example_.steps : 1) * example_.batch;
    std::vector<float> made(rows * example_.options.output_size, testing::nan_float);
    GRU_CHECK_OK(testing::predict(*model_, input(), made));
    if (every_step && example_.options.gru.batch_first) {
      made = testing::swap_axes(std::span<const float>(made), example_.batch, example_.steps);
    }
    return to_doubles(made);
  }

 private:
  template <class T>
  std::vector<T> batch_major(const std::vector<T>& from) const {
    return testing::swap_axes(std::span<const T>(from), example_.steps, example_.batch);
  }
  ChainInput input() const {
    return {{example_.steps, example_.batch, example_.lengths}, features_, tokens_, nullptr};
  }

  const ModelExample& example_;
  std::vector<float> features_, values_;
  std::vector<std::int32_t> tokens_, classes_;
  std::shared_ptr<Model> model_;
  std::unique_ptr<Trainer> trainer_;
};

constexpr OptimizerKind optimizer_kinds[] = {OptimizerKind::sgd, OptimizerKind::adam,
                                             OptimizerKind::adamw, OptimizerKind::rmsprop};

/// Epsilon is large: the first changes of Adam and RMSprop are about g / (|g| + epsilon). With the
/// usual 1e-8, the rounding of a gradient that happens to be nearly 0 would change a whole step.
OptimizerOptions random_optimizer(Random& random) {
  OptimizerOptions options;
  options.kind = optimizer_kinds[random.size(0, 3)];
  options.learning_rate = 0.01;
  options.momentum = coin(random) ? 0.9 : 0;
  options.weight_decay = coin(random) ? 0.1 : 0;
  options.epsilon = 1e-2;
  return options;
}

ClipOptions random_clip(Random& random) {
  return {coin(random) ? 0.5 : 0, coin(random) ? 0.05 : 0};
}

double relative(double bound, double expected) { return bound * std::max(1.0, std::abs(expected)); }

void check_predictions(EngineModel& engine, const ModelExample& example,
                       const std::vector<double>& parameters) {
  ReferenceEdges edges;
  GRU_CHECK_OK(reference_graph_forward(example.graph(), parameters, example.inputs(), {}, edges));
  const std::vector<double>& expected = edges["head"].values;
  double largest = 1;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  GRU_CHECK_ALL_NEAR("predictions", engine.predictions(), expected, 1e-5 * largest);
  ReferenceGraphGradients evaluated;
  GRU_CHECK_OK(reference_graph_gradients(example.graph(), parameters, example.inputs(),
                                         example.targets(), {}, evaluated));
  const StepMetrics metrics = engine.evaluate();
  GRU_CHECK_NEAR(metrics.loss, evaluated.loss, relative(1e-5, evaluated.loss));
  CHECK(metrics.gradient_norm == 0);
}

void check_training(const ModelExample& example, const OptimizerOptions& optimizer,
                    const ClipOptions& clip) {
  EngineModel engine(example, optimizer, clip);
  std::vector<double> parameters = example.parameters;
  ReferenceOptimizerState state;
  for (std::uint64_t step = 0; step < 3; ++step) {
    check_predictions(engine, example, parameters);
    ReferenceStep expected;
    GRU_CHECK_OK(reference_graph_step(
        example.graph(), {optimizer, clip, example.inputs(), example.targets(), example.mask(step)},
        parameters, state, expected));
    const StepMetrics got = engine.step();
    GRU_CHECK_NEAR(got.loss, expected.loss, relative(1e-5, expected.loss));
    GRU_CHECK_NEAR(got.gradient_norm, expected.gradient_norm,
                   relative(1e-5, expected.gradient_norm));
    GRU_CHECK_ALL_NEAR("parameters", engine.parameters(), parameters, 1e-5);
  }
}

TEST_CASE("models of every kind learn as the reference does") {
  Random random;
  for (const InputKind input : {InputKind::features, InputKind::tokens}) {
    for (const LossKind loss : {LossKind::cross_entropy, LossKind::mean_squared_error}) {
      for (const Every every : {Every::step, Every::last}) {
        for (const bool bidirectional : {false, true}) {
          ChainOptions options;
          options.input = input;
          options.loss = loss;
          options.every = every;
          options.gru.bidirectional = bidirectional;
          options.gru.bias = coin(random);
          options.gru.cell = coin(random) ? CellKind::gru : CellKind::lstm;
          options.gru.variant.reset = coin(random) ? ResetGate::after : ResetGate::before;
          options.gru.variant.update = coin(random) ? UpdateGate::retain : UpdateGate::replace;
          const ModelExample example(options, random);
          check_training(example, random_optimizer(random), random_clip(random));
        }
      }
    }
  }
}

}  // namespace
}  // namespace gru
