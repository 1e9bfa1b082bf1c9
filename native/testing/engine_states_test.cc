#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "testing/engine_graphs.h"

/// States that a model's calls begin with and end with, and those that training carries from batch
/// to batch, against the reference in double.
namespace gru {
namespace {

using testing::coin;
using testing::nan_float;
using testing::Random;
using testing::same_bits;
using testing::swap_axes;
using testing::to_doubles;
using testing::to_floats;

constexpr std::size_t input_size = 3;

RecurrentOptions random_stack(Random& random, bool may_be_bidirectional) {
  RecurrentOptions stack;
  stack.input_size = input_size;
  stack.cell = coin(random) ? CellKind::lstm : CellKind::gru;
  stack.hidden_size = random.size(1, 20);
  stack.num_layers = random.size(1, 3);
  stack.bidirectional = may_be_bidirectional && coin(random);
  return stack;
}

std::vector<double> rounded(std::vector<double> values) {
  testing::round_to_floats(values);
  return values;
}

/// Steps `from` to `to` of sequences, time-major.
struct Part {
  std::size_t steps;
  std::vector<std::int32_t> lengths;
  std::vector<double> input;
  std::vector<double> target;
};

/// A stack whose output is what it predicts, sequences, and states [L*D, batch, H] to begin with.
struct Example {
  Example(Random& random, const RecurrentOptions& of, std::size_t most_steps)
      : stack(of), batch(random.size(1, 6)), steps(random.size(1, most_steps)) {
    // With one sequence a length could be zero, and no batch to learn from.
    lengths = batch > 1 && coin(random)
                  ? random.lengths(batch, steps)
                  : std::vector<std::int32_t>(batch, static_cast<std::int32_t>(steps));
    input = rounded(random.values(steps * batch * input_size));
    target = rounded(random.values(steps * batch * stack.output_size()));
    parameters = rounded(random.values(reference_recurrent_parameter_count(stack), 0.3));
    state = rounded(random.values(state_count(), 0.5));
    if (has_cell()) cell = rounded(random.values(state_count(), 0.5));
  }

  bool has_cell() const { return stack.spec().states > 1; }
  std::size_t state_count() const {
    return stack.num_layers * stack.num_directions() * batch * stack.hidden_size;
  }
  GraphOptions options(bool batch_first) const {
    GraphOptions graph;
    graph.inputs = {{"x", false, input_size}};
    graph.layers = {{"memory", {"x"}, stack}};
    graph.outputs = {{"memory", {LossKind::mean_squared_error}}};
    graph.batch_first = batch_first;
    return graph;
  }
  Part part(std::size_t from, std::size_t to) const {
    Part made{to - from, {}, {}, {}};
    for (const std::int32_t length : lengths) {
      const auto left = length - static_cast<std::int32_t>(from);
      made.lengths.push_back(std::clamp(left, 0, static_cast<std::int32_t>(made.steps)));
    }
    made.input = slice(input, batch * input_size, from, to);
    made.target = slice(target, batch * stack.output_size(), from, to);
    return made;
  }
  static std::vector<double> slice(const std::vector<double>& values, std::size_t width,
                                   std::size_t from, std::size_t to) {
    const auto begin = values.begin();
    return {begin + static_cast<std::ptrdiff_t>(from * width),
            begin + static_cast<std::ptrdiff_t>(to * width)};
  }

  RecurrentOptions stack;
  std::size_t batch;
  std::size_t steps;
  std::vector<std::int32_t> lengths;
  std::vector<double> input, target, parameters, state, cell;
};

/// The example's model, and a trainer by plain gradient descent.
class Engine {
 public:
  explicit Engine(const Example& of, bool batch_first = false)
      : example_(of), batch_first_(batch_first) {
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(Model::create(of.options(batch_first), testing::test_device(), 1, made));
    model_ = std::move(made);
    GRU_CHECK_OK(model_->write_parameters(to_floats(of.parameters)));
    OptimizerOptions descent;
    descent.kind = OptimizerKind::sgd;
    descent.learning_rate = 1;
    GRU_CHECK_OK(Trainer::create(model_, {.optimizer = descent}, trainer_));
  }

  /// Time-major; `state` and `cell` become the final ones where they are not empty.
  std::vector<float> predict(const Part& part, std::vector<float>& state,
                             std::vector<float>& cell) {
    const std::vector<float> input = caller_order(part.input, part.steps);
    const InputBatch batch = batch_of(part, input);
    std::vector<float> output(part.target.size(), nan_float);
    const std::span<float> room(output);
    std::vector<std::span<const float>> initial{state};
    std::vector<std::span<float>> final{state};
    if (example_.has_cell()) {
      initial.push_back(cell);
      final.push_back(cell);
    }
    GRU_CHECK_OK(model_->predict({{&batch, 1}, {&room, 1}, initial, final}));
    return batch_first_ ? swap_axes(std::span<const float>(output), example_.batch, part.steps)
                        : output;
  }
  Status step(const Part& part, bool carry, const AbortFlag* abort = nullptr) {
    return run(part, carry, [&](const TrainingBatch& batch) {
      return trainer_->step({&batch, 1}, {.abort = abort}, metrics_);
    });
  }
  Status evaluate(const Part& part, bool carry) {
    return run(part, carry, [&](const TrainingBatch& batch) {
      return trainer_->evaluate(batch, nullptr, metrics_);
    });
  }
  double loss() const { return metrics_.loss; }
  std::vector<float> parameters() const {
    std::vector<float> values(model_->layout().count());
    GRU_CHECK_OK(model_->read_parameters(values));
    return values;
  }
  Trainer& trainer() { return *trainer_; }
  Model& model() { return *model_; }

 private:
  std::vector<float> caller_order(const std::vector<double>& values, std::size_t steps) const {
    std::vector<float> floats = to_floats(values);
    return batch_first_ ? swap_axes(std::span<const float>(floats), steps, example_.batch) : floats;
  }
  static InputBatch batch_of(const Part& part, const std::vector<float>& input) {
    return {{part.steps, part.lengths.size(), part.lengths}, input, {}};
  }
  template <class Call>
  Status run(const Part& part, bool carry, const Call& call) {
    const std::vector<float> input = caller_order(part.input, part.steps);
    const std::vector<float> values = caller_order(part.target, part.steps);
    const InputBatch batch = batch_of(part, input);
    Target target;
    target.values = values;
    return call({{&batch, 1}, {&target, 1}, carry});
  }

  const Example& example_;
  bool batch_first_;
  std::shared_ptr<Model> model_;
  std::unique_ptr<Trainer> trainer_;
  StepMetrics metrics_;
};

/// What the stack should compute: parts one after the other in double, and their training.
class Truth {
 public:
  explicit Truth(const Example& of) : example_(of), parameters(of.parameters) {}

  void predict(const Part& part) {
    GRU_CHECK_OK(reference_recurrent_forward(
        example_.stack, parameters,
        {part.steps, example_.batch, part.input, state, cell, part.lengths, {}}, pass));
    state = pass.state;
    cell = pass.cell;
  }
  /// Gradient descent by the mean squared error, with no gradient beyond the part.
  void step(const Part& part) {
    predict(part);
    std::vector<std::uint8_t> valid;
    for (std::size_t t = 0; t < part.steps; ++t) {
      for (const std::int32_t length : part.lengths) {
        valid.push_back(static_cast<std::size_t>(length) > t ? 1 : 0);
      }
    }
    const ReferenceRows rows{valid.size(), example_.stack.output_size(), valid};
    ReferenceLoss made;
    ReferenceTarget target;
    target.values = part.target;
    GRU_CHECK_OK(reference_loss({LossKind::mean_squared_error}, rows, pass.output, target, made));
    loss = made.loss;
    ReferenceGradients gradients;
    GRU_CHECK_OK(
        reference_recurrent_backward(example_.stack, parameters, pass, {made.gradient}, gradients));
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] -= gradients.parameters[i];
  }

 private:
  const Example& example_;

 public:
  std::vector<double> parameters, state, cell;
  double loss = 0;
  ReferencePass pass;
};

TEST_CASE("a prediction begins with states and gives the final ones back") {
  Random random;
  for (int round = 0; round < 20; ++round) {
    const Example example(random, random_stack(random, true), 9);
    Engine engine(example, coin(random));
    const Part whole = example.part(0, example.steps);
    Truth truth(example);
    truth.state = example.state;
    truth.cell = example.cell;
    truth.predict(whole);
    std::vector<float> state = to_floats(example.state);
    std::vector<float> cell = to_floats(example.cell);
    const std::vector<float> output = engine.predict(whole, state, cell);
    GRU_CHECK_ALL_NEAR("output", to_doubles(output), truth.pass.output, 1e-5);
    GRU_CHECK_ALL_NEAR("state", to_doubles(state), truth.state, 1e-5);
    GRU_CHECK_ALL_NEAR("cell", to_doubles(cell), truth.cell, 1e-5);
  }
}

TEST_CASE("states that are not given are zero and those of a call before are forgotten") {
  Random random;
  for (int round = 0; round < 6; ++round) {
    const Example example(random, random_stack(random, true), 5);
    Engine engine(example);
    const Part whole = example.part(0, example.steps);
    std::vector<float> zero_state(example.state_count(), 0);
    std::vector<float> zero_cell(example.cell.size(), 0);
    const std::vector<float> expected = engine.predict(whole, zero_state, zero_cell);
    std::vector<float> state = to_floats(example.state);
    std::vector<float> cell = to_floats(example.cell);
    const std::vector<float> other = engine.predict(whole, state, cell);
    std::vector<float> none, none_too;
    CHECK(same_bits(engine.predict(whole, none, none_too), expected));
    const bool runs = std::ranges::any_of(whole.lengths, [](auto length) { return length > 0; });
    CHECK((!runs || !same_bits(other, expected)));
  }
}

TEST_CASE("parts of sequences are predicted with the bits of the whole") {
  Random random;
  for (int round = 0; round < 20; ++round) {
    const Example example(random, random_stack(random, false), 12);
    const bool batch_first = coin(random);
    Engine engine(example, batch_first);
    std::vector<float> state = to_floats(example.state);
    std::vector<float> cell = to_floats(example.cell);
    const std::vector<float> expected = engine.predict(example.part(0, example.steps), state, cell);
    std::vector<float> part_state = to_floats(example.state);
    std::vector<float> part_cell = to_floats(example.cell);
    std::vector<float> output;
    for (std::size_t from = 0; from < example.steps;) {
      const std::size_t to = random.size(from + 1, example.steps);
      const std::vector<float> part = engine.predict(example.part(from, to), part_state, part_cell);
      output.insert(output.end(), part.begin(), part.end());
      from = to;
    }
    CHECK(same_bits(output, expected));
    CHECK(same_bits(part_state, state));
    CHECK(same_bits(part_cell, cell));
  }
}

TEST_CASE("training carries states from part to part without gradient") {
  Random random;
  for (int round = 0; round < 12; ++round) {
    const Example example(random, random_stack(random, false), 12);
    Engine engine(example, coin(random));
    Truth truth(example);
    for (std::size_t from = 0; from < example.steps;) {
      const std::size_t to = random.size(from + 1, example.steps);
      const Part part = example.part(from, to);
      truth.step(part);
      GRU_CHECK_OK(engine.step(part, true));
      GRU_CHECK_NEAR(engine.loss(), truth.loss, 1e-5 * std::max(1.0, truth.loss));
      GRU_CHECK_ALL_NEAR("parameters", to_doubles(engine.parameters()), truth.parameters, 2e-5);
      from = to;
    }
    engine.trainer().reset_state();
    truth.state.clear();
    truth.cell.clear();
    const Part first = example.part(0, 1);
    truth.step(first);
    GRU_CHECK_OK(engine.step(first, true));
    GRU_CHECK_NEAR(engine.loss(), truth.loss, 1e-5 * std::max(1.0, truth.loss));
  }
}

/// An example whose every sequence runs in each of `parts` parts of two steps.
Example dense_example(Random& random, std::size_t parts) {
  Example example(random, random_stack(random, false), 1);
  example.batch = 3;
  example.steps = 2 * parts;
  example.lengths.assign(3, static_cast<std::int32_t>(example.steps));
  example.input = rounded(random.values(example.steps * 3 * input_size));
  example.target = rounded(random.values(example.steps * 3 * example.stack.output_size()));
  return example;
}

TEST_CASE("a step that fails or carries nothing leaves the states as they were") {
  Random random;
  for (int round = 0; round < 6; ++round) {
    const Example example = dense_example(random, 3);
    Engine disturbed(example);
    Engine plain(example);
    GRU_CHECK_OK(disturbed.step(example.part(0, 2), true));
    GRU_CHECK_OK(plain.step(example.part(0, 2), true));
    const AbortFlag abort{true};
    CHECK(disturbed.step(example.part(2, 4), true, &abort).code() == StatusCode::aborted);
    Part spoiled = example.part(2, 4);
    spoiled.target[0] = nan_float;
    CHECK(disturbed.step(spoiled, true).code() == StatusCode::nonfinite);
    GRU_CHECK_OK(disturbed.evaluate(example.part(0, 2), true));
    GRU_CHECK_OK(disturbed.step(example.part(2, 4), true));
    GRU_CHECK_OK(plain.step(example.part(2, 4), true));
    CHECK(same_bits(disturbed.parameters(), plain.parameters()));
    // Without the states of its own, this one begins at zero, and changes none.
    GRU_CHECK_OK(disturbed.step(example.part(0, 2), false));
    GRU_CHECK_OK(plain.step(example.part(0, 2), false));
    GRU_CHECK_OK(disturbed.step(example.part(4, 6), true));
    GRU_CHECK_OK(plain.step(example.part(4, 6), true));
    CHECK(same_bits(disturbed.parameters(), plain.parameters()));
  }
}

TEST_CASE("evaluation carries states of its own") {
  Random random;
  for (int round = 0; round < 6; ++round) {
    const Example example = dense_example(random, 2);
    Engine engine(example);
    const Part first = example.part(0, 2);
    const Part second = example.part(2, 4);
    Truth truth(example);
    std::vector<double> losses;
    for (const Part& part : {first, second}) {
      truth.step(part);
      truth.parameters = example.parameters;
      losses.push_back(truth.loss);
    }
    GRU_CHECK_OK(engine.evaluate(first, true));
    GRU_CHECK_NEAR(engine.loss(), losses[0], 1e-5 * std::max(1.0, losses[0]));
    engine.trainer().reset_state();  // of the training
    GRU_CHECK_OK(engine.evaluate(second, true));
    GRU_CHECK_NEAR(engine.loss(), losses[1], 1e-5 * std::max(1.0, losses[1]));
    engine.trainer().reset_evaluation_state();
    GRU_CHECK_OK(engine.evaluate(first, true));
    GRU_CHECK_NEAR(engine.loss(), losses[0], 1e-5 * std::max(1.0, losses[0]));
  }
}

void check_refused(const Status& status, StatusCode code, const std::string& says) {
  const bool refused = status.code() == code && status.message().find(says) != std::string::npos;
  if (!refused) FAIL_CHECK("expected ", says, ", got ", status.message());
}

TEST_CASE("states that cannot be carried are refused") {
  Random random;
  Example example = dense_example(random, 1);
  Engine engine(example);
  GRU_CHECK_OK(engine.step(example.part(0, 2), true));
  const Part part = example.part(0, 2);
  Part smaller{1,
               {1, 1},
               Example::slice(part.input, input_size, 0, 2),
               Example::slice(part.target, example.stack.output_size(), 0, 2)};
  check_refused(engine.step(smaller, true), StatusCode::shape,
                "batch: expected 3, as the number of sequences");
  GRU_CHECK_OK(engine.step(smaller, false));
  engine.trainer().reset_state();
  GRU_CHECK_OK(engine.step(smaller, true));

  Example both_ways = example;
  both_ways.stack.bidirectional = true;
  both_ways.target = random.values(2 * 3 * both_ways.stack.output_size());
  both_ways.parameters = random.values(reference_recurrent_parameter_count(both_ways.stack), 0.3);
  Engine reverse(both_ways);
  check_refused(reverse.step(both_ways.part(0, 2), true), StatusCode::value,
                "got layers.memory of two");
}

TEST_CASE("a graph has the states of layers that read no initial state") {
  RecurrentOptions lstm;
  lstm.cell = CellKind::lstm;
  lstm.hidden_size = 4;
  lstm.num_layers = 2;
  lstm.bidirectional = true;
  RecurrentOptions gru;
  gru.hidden_size = 5;
  GraphOptions options;
  options.inputs = {{"x", false, 3}, {"y", false, 3}};
  options.layers = {{"one", {"x"}, lstm},
                    {"row", {"one"}, SelectOptions{}},
                    {"start", {"row"}, LinearOptions{5}},
                    {"begun", {"y", "start"}, gru},
                    {"two", {"begun"}, gru}};
  options.outputs = {{"two", {LossKind::mean_squared_error}}};
  std::unique_ptr<Graph> graph;
  GRU_CHECK_OK(Graph::create(options, graph));
  const std::span<const GraphState> states = graph->states();
  CHECK(states.size() == 3);
  const auto has = [&](std::size_t i, const char* layer, StateKind kind, std::size_t blocks,
                       std::size_t width) {
    return graph->options().layers[states[i].layer].name == layer && states[i].shape.kind == kind &&
           states[i].shape.blocks == blocks && states[i].shape.width == width;
  };
  CHECK(has(0, "one", StateKind::state, 4, 4));
  CHECK(has(1, "one", StateKind::cell, 4, 4));
  CHECK(has(2, "two", StateKind::state, 1, 5));
}

TEST_CASE("bits of carried training do not depend on the schedule") {
  Random random;
  for (int round = 0; round < 3; ++round) {
    RecurrentOptions stack = random_stack(random, false);
    stack.hidden_size = 70;
    const Example example(random, stack, 12);
    const std::size_t middle = (example.steps + 1) / 2;
    std::vector<float> alone;
    for (const unsigned schedule : {1U, 2U, 3U}) {
      testing::set_schedule(schedule);
      Engine engine(example);
      GRU_CHECK_OK(engine.step(example.part(0, middle), true));
      if (middle < example.steps) {
        GRU_CHECK_OK(engine.step(example.part(middle, example.steps), true));
      }
      if (schedule == 1) alone = engine.parameters();
      CHECK(same_bits(engine.parameters(), alone));
    }
    testing::set_schedule(1);
  }
}

}  // namespace
}  // namespace gru
