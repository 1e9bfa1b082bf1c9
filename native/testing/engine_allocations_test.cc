#include <memory>
#include <vector>

#include "testing/chain_training.h"
#include "testing/counting_device.h"
#include "testing/engine_graphs.h"
#include "testing/engine_testing.h"

/// Device memory is allocated once and reused. After the first calls, no call allocates.
namespace gru {
namespace {

using testing::chain;
using testing::ChainInput;
using testing::ChainOptions;
using testing::CountingDevice;
using testing::InputKind;
using testing::Random;
using testing::random_floats;

ChainOptions model_options(InputKind input, LossKind loss, Every every) {
  ChainOptions options;
  options.input = input;
  options.tokens = 9;
  options.loss = loss;
  options.every = every;
  options.output_size = 5;
  options.gru.input_size = 6;
  options.gru.hidden_size = 20;
  options.gru.num_layers = 2;
  options.gru.bidirectional = true;
  options.gru.dropout = 0.2F;
  return options;
}

/// One step, one evaluation and one prediction with a batch of the given shape.
void train_once(const ChainOptions& options, Model& model, Trainer& trainer,
                const BatchShape& shape, Random& random) {
  const std::size_t inputs = shape.steps * shape.batch;
  const std::size_t rows = options.every == Every::step ? inputs : shape.batch;
  const std::vector<float> features = random_floats(random, inputs * options.gru.input_size);
  const std::vector<std::int32_t> tokens = random.classes(inputs, options.tokens);
  const std::vector<float> values = random_floats(random, rows * options.output_size);
  const std::vector<std::int32_t> classes = random.classes(rows, options.output_size);
  const bool reads_tokens = options.input == InputKind::tokens;
  ChainInput input{shape, {}, {}, nullptr};
  if (reads_tokens) {
    input.tokens = tokens;
  } else {
    input.features = features;
  }
  Target target;
  if (options.loss == LossKind::cross_entropy) {
    target.classes = classes;
  } else {
    target.values = values;
  }
  StepMetrics metrics;
  GRU_CHECK_OK(testing::step(trainer, input, target, metrics));
  CHECK(metrics.loss > 0);
  CHECK(metrics.gradient_norm > 0);
  GRU_CHECK_OK(testing::evaluate(trainer, input, target, metrics));
  std::vector<float> predictions(rows * options.output_size);
  GRU_CHECK_OK(testing::predict(model, input, predictions));
}

void check_steady_state(const ChainOptions& options, Random& random) {
  CountingDevice::Counts counts;
  {
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(Model::create(
        chain(options), std::make_unique<CountingDevice>(testing::test_device(), counts), 1, made));
    const std::shared_ptr<Model> model = std::move(made);
    std::unique_ptr<Trainer> trainer;
    GRU_CHECK_OK(Trainer::create(model, {{}, {1, 0.5}}, trainer));
    // The largest of each kind of batch comes first: dense, and ragged with unsorted lengths.
    const std::vector<std::int32_t> lengths = {8, 8, 0, 8, 8, 8};
    train_once(options, *model, *trainer, {8, 6, {}}, random);
    train_once(options, *model, *trainer, {8, 6, lengths}, random);
    const int warm = counts.allocated;
    CHECK(warm > 0);
    for (int round = 0; round < 3; ++round) {
      const std::size_t steps = random.size(1, 8);
      const std::size_t batch = random.size(2, 6);
      const std::vector<std::int32_t> some = random.lengths(batch, steps);
      train_once(options, *model, *trainer, {8, 6, {}}, random);
      train_once(options, *model, *trainer, {8, 6, lengths}, random);
      train_once(options, *model, *trainer, {steps, batch, {}}, random);
      train_once(options, *model, *trainer, {steps, batch, some}, random);
    }
    CHECK(counts.allocated == warm);
  }
  CHECK(counts.released == counts.allocated);
  CHECK(counts.bytes == 0);
}

TEST_CASE("a trainer holds the gradients and the moments that its optimizer has") {
  struct Expected {
    OptimizerKind kind;
    double momentum;
    std::size_t moments;
  };
  for (const auto& [kind, momentum, moments] :
       {Expected{OptimizerKind::sgd, 0, 0}, Expected{OptimizerKind::sgd, 0.9, 1},
        Expected{OptimizerKind::adam, 0, 2}, Expected{OptimizerKind::adamw, 0, 2},
        Expected{OptimizerKind::rmsprop, 0, 1}, Expected{OptimizerKind::rmsprop, 0.9, 2}}) {
    CountingDevice::Counts counts;
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(Model::create(chain(model_options({}, {}, {})),
                               std::make_unique<CountingDevice>(testing::test_device(), counts), 1,
                               made));
    const std::shared_ptr<Model> model = std::move(made);
    const std::size_t parameters = model->layout().count() * sizeof(float);
    CHECK(counts.bytes == parameters);
    CHECK(model->held_bytes() >= parameters);
    const std::size_t held = model->held_bytes();
    OptimizerOptions options;
    options.kind = kind;
    options.momentum = momentum;
    std::unique_ptr<Trainer> trainer;
    GRU_CHECK_OK(Trainer::create(model, {options, {}}, trainer));
    const std::size_t expected = (1 + moments) * parameters + sizeof(StepMetrics);
    CHECK(counts.bytes == parameters + expected);
    // A GPU has additional memory for operations that fill and copy.
    CHECK(model->held_bytes() >= held + expected);
    const std::size_t most = model->held_bytes();
    trainer.reset();
    CHECK(counts.bytes == parameters);
    CHECK(model->held_bytes() == most - expected);
  }
}

TEST_CASE("an average and sums of gradients take memory when they are used") {
  Random random;
  const testing::GraphExample example = testing::random_graph(random);
  const auto bytes_of = [&](const TrainerOptions& options, std::size_t parts) {
    CountingDevice::Counts counts;
    testing::EngineGraph engine(example, options.optimizer, {},
                                std::make_unique<CountingDevice>(testing::test_device(), counts));
    std::unique_ptr<Trainer> trainer;
    GRU_CHECK_OK(Trainer::create(engine.shared_model(), options, trainer));
    const std::vector<TrainingBatch> batches(parts, engine.batch());
    StepMetrics metrics;
    for (int step = 0; step < 3; ++step) GRU_CHECK_OK(trainer->step(batches, {}, metrics));
    return counts.bytes;
  };
  OptimizerOptions descent;
  descent.kind = OptimizerKind::sgd;
  const std::size_t parameters =
      testing::EngineGraph(example, descent, {}).model().layout().count() * sizeof(float);
  const std::size_t outputs = example.expected.size() * sizeof(StepMetrics);
  const std::size_t least = bytes_of({descent}, 1);
  TrainerOptions averaging{descent};
  averaging.average_decay = 0.9;
  CHECK(bytes_of(averaging, 1) == least + parameters);
  // Of gradients one set more, whatever the number of parts.
  CHECK(bytes_of({descent}, 2) == least + parameters + outputs);
  CHECK(bytes_of({descent}, 5) == least + parameters + 4 * outputs);
}

constexpr CellKind cells[] = {CellKind::gru, CellKind::lstm};

RecurrentOptions layer_options(CellKind cell) {
  RecurrentOptions options = model_options({}, {}, {}).gru;
  options.cell = cell;
  return options;
}

void check_held_weights(const RecurrentOptions& options) {
  Random random;
  CountingDevice::Counts counts;
  std::unique_ptr<RecurrentModule> layer;
  GRU_CHECK_OK(RecurrentModule::create(
      options, std::make_unique<CountingDevice>(testing::test_device(), counts), 1, layer));
  const std::vector<float> input = random_floats(random, 12 * options.input_size);
  std::vector<float> output(12 * options.output_size());
  std::vector<float> state(16 * options.hidden_size);
  std::vector<float> cell(options.spec().states > 1 ? state.size() : 0);
  std::vector<float> parameters(layer->layout().count());
  GRU_CHECK_OK(layer->read_parameters(parameters));
  std::size_t held = 0;
  for (int round = 0; round < 3; ++round) {
    GRU_CHECK_OK(layer->write_parameters(parameters));
    GRU_CHECK_OK(layer->forward({{3, 4, {}}, input, {}, {}, output, state, cell, nullptr}));
    const std::size_t beside = layer->held_bytes() - counts.bytes;
    CHECK((round == 0 ? beside > 0 : beside == held));
    held = beside;
  }
}

TEST_CASE("packed weights and scratch are held too") {
  for (const CellKind cell : cells) check_held_weights(layer_options(cell));
}

TEST_CASE("training in a steady state allocates no device memory") {
  Random random;
  for (const InputKind input : {InputKind::features, InputKind::tokens}) {
    for (const LossKind loss : {LossKind::cross_entropy, LossKind::mean_squared_error}) {
      for (const Every every : {Every::step, Every::last}) {
        check_steady_state(model_options(input, loss, every), random);
      }
    }
  }
}

TEST_CASE("graphs in a steady state allocate no device memory") {
  Random random;
  for (int round = 0; round < 6; ++round) {
    const testing::GraphExample example = testing::random_graph(random);
    CountingDevice::Counts counts;
    {
      testing::EngineGraph engine(example, {}, {},
                                  std::make_unique<CountingDevice>(testing::test_device(), counts));
      int warm = 0;
      for (int pass = 0; pass < 4; ++pass) {
        engine.step();
        engine.evaluate();
        engine.predictions();
        if (pass == 0) warm = counts.allocated;
      }
      CHECK(warm > 0);
      CHECK(counts.allocated == warm);
    }
    CHECK(counts.released == counts.allocated);
    CHECK(counts.bytes == 0);
  }
}

/// Calls run(layer, shape) repeatedly, for a dense and a ragged batch of 3 steps and 4 sequences.
/// Everything is allocated the first time, and released at the end.
template <class Run>
void check_steady_layer(const RecurrentOptions& options, const Run& run) {
  const std::vector<std::int32_t> lengths = {2, 3, 0, 1};
  CountingDevice::Counts counts;
  {
    std::unique_ptr<RecurrentModule> layer;
    GRU_CHECK_OK(RecurrentModule::create(
        options, std::make_unique<CountingDevice>(testing::test_device(), counts), 1, layer));
    int warm = 0;
    for (int round = 0; round < 4; ++round) {
      run(*layer, BatchShape{3, 4, {}});
      run(*layer, BatchShape{3, 4, lengths});
      if (round == 0) warm = counts.allocated;
    }
    CHECK(warm > 0);
    CHECK(counts.allocated == warm);
  }
  CHECK(counts.released == counts.allocated);
}

void check_steady_passes(const RecurrentOptions& options) {
  Random random;
  const std::vector<float> input = random_floats(random, 12 * options.input_size);
  std::vector<float> d_input(input.size());
  std::vector<float> output(12 * options.output_size());
  std::vector<float> state(16 * options.hidden_size);
  std::vector<float> d_state(state.size());
  std::vector<float> cell(options.spec().states > 1 ? state.size() : 0);
  std::vector<float> d_cell(cell.size());
  check_steady_layer(options, [&](RecurrentModule& layer, const BatchShape& shape) {
    std::vector<float> parameters(layer.layout().count());
    const RecurrentGradientCall gradients{output,  state,  cell,       d_input,
                                          d_state, d_cell, parameters, nullptr};
    std::unique_ptr<RecurrentPass> pass;
    GRU_CHECK_OK(
        layer.forward_training({shape, input, {}, {}, output, state, cell, nullptr}, pass));
    GRU_CHECK_OK(layer.backward(*pass, gradients));
    CHECK(layer.backward(*pass, gradients).code() == StatusCode::value);
  });
}

TEST_CASE("passes and their gradients in a steady state allocate no device memory") {
  for (const CellKind cell : cells) check_steady_passes(layer_options(cell));
}

void check_steady_inference(const RecurrentOptions& options) {
  Random random;
  const std::vector<float> input = random_floats(random, 12 * options.input_size);
  const std::vector<float> initial = random_floats(random, 16 * options.hidden_size);
  std::vector<float> output(12 * options.output_size());
  std::vector<float> state(initial.size());
  std::vector<float> cell(options.spec().states > 1 ? state.size() : 0);
  const std::vector<float> initial_cell = cell;
  check_steady_layer(options, [&](RecurrentModule& layer, const BatchShape& shape) {
    GRU_CHECK_OK(
        layer.forward({shape, input, initial, initial_cell, output, state, cell, nullptr}));
  });
}

TEST_CASE("inference in a steady state allocates no device memory") {
  for (const CellKind cell : cells) check_steady_inference(layer_options(cell));
}

}  // namespace
}  // namespace gru
