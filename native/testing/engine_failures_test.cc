#include <atomic>
#include <chrono>
#include <iterator>
#include <memory>
#include <thread>
#include <vector>

#include "testing/chain_training.h"
#include "testing/engine_testing.h"

/// What a layer and a trainer refuse, and the state after an abort.
namespace gru {
namespace {

using testing::chain;
using testing::ChainInput;
using testing::ChainOptions;
using testing::EngineExample;
using testing::EngineResults;
using testing::Example;
using testing::InputKind;
using testing::Random;
using testing::random_floats;
using testing::same_bits;
using testing::test_device;

Example some_example(Random& random, std::size_t steps, std::size_t batch, std::size_t hidden) {
  Example example;
  example.options.input_size = 7;
  example.options.hidden_size = hidden;
  example.options.num_layers = 2;
  const auto& cells = testing::recurrent_cells;
  const testing::RecurrentCell& cell = cells[random.size(0, std::size(cells) - 1)];
  example.options.cell = cell.kind;
  example.options.variant = cell.variant;
  example.steps = steps;
  example.batch = batch;
  testing::fill_for_engine(example, random);
  return example;
}

/// A layer with a training pass that waits for its backward.
struct Waiting {
  EngineExample engine;
  EngineResults results;
  std::unique_ptr<RecurrentPass> pass;

  explicit Waiting(const Example& example) : engine(example, 1) {
    GRU_CHECK_OK(engine.layer().forward_training(engine.training_call(results), pass));
  }
  Status backward() { return engine.layer().backward(*pass, engine.backward_call(results)); }
};

TEST_CASE("a pass serves one backward") {
  Random random;
  Waiting waiting(some_example(random, 3, 2, 5));
  GRU_CHECK_OK(waiting.backward());
  GRU_CHECK_REFUSED(waiting.backward(), StatusCode::value, "pass: expected one backward call");
}

TEST_CASE("a pass ends with the parameters it was computed with") {
  Random random;
  Waiting waiting(some_example(random, 3, 2, 5));
  GRU_CHECK_OK(waiting.engine.layer().write_parameters(waiting.engine.parameters()));
  GRU_CHECK_REFUSED(waiting.backward(), StatusCode::value,
                    "pass: expected the parameters of its forward call");
}

TEST_CASE("wrong options are refused") {
  std::unique_ptr<RecurrentModule> layer;
  GRU_CHECK_REFUSED(RecurrentModule::create({}, test_device(), 1, layer), StatusCode::value,
                    "Size");
  CHECK(layer == nullptr);
}

TEST_CASE("an abort before the start is seen everywhere") {
  Random random;
  const AbortFlag abort{true};
  Waiting waiting(some_example(random, 3, 2, 5));
  RecurrentModule& layer = waiting.engine.layer();
  std::vector<float> output;
  std::vector<float> state;
  std::vector<float> cell;
  RecurrentCall call = waiting.engine.forward_call(output, state, cell);
  call.abort = &abort;
  CHECK(layer.forward(call).code() == StatusCode::aborted);
  std::unique_ptr<RecurrentPass> pass;
  CHECK(layer.forward_training(call, pass).code() == StatusCode::aborted);
  CHECK(pass == nullptr);
  RecurrentGradientCall back = waiting.engine.backward_call(waiting.results);
  back.abort = &abort;
  CHECK(layer.backward(*waiting.pass, back).code() == StatusCode::aborted);
  GRU_CHECK_REFUSED(waiting.backward(), StatusCode::value, "pass: ");
}

/// WebAssembly has no threads.
#if defined(__wasm__)
constexpr bool has_threads = false;
#else
constexpr bool has_threads = true;
#endif

/// Runs `call` while another thread sets the flag after a random time, at most about as long as
/// `call` takes.
template <class Call>
Status aborted_meanwhile(Random& random, std::chrono::microseconds takes, const Call& call) {
  AbortFlag abort{false};
  std::thread other([&abort, delay = takes * random.size(0, 100) / 100] {
    std::this_thread::sleep_for(delay);
    abort = true;
  });
  Status status = call(&abort);
  other.join();
  return status;
}

TEST_CASE("an abort at any time ends the call and spoils no later one" *
          doctest::skip(!has_threads)) {
  Random random;
  testing::set_schedule(2);
  for (const std::size_t batch : {std::size_t{3}, std::size_t{64}}) {  // by units, by sequences
    EngineExample engine(some_example(random, 60, batch, batch == 3 ? 128 : 24), 1);
    const auto start = std::chrono::steady_clock::now();
    const EngineResults expected = engine.run();
    const auto takes = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - start);
    for (int round = 0; round < 15; ++round) {
      const Status status = aborted_meanwhile(random, takes, [&](const AbortFlag* abort) {
        EngineResults results;
        std::unique_ptr<RecurrentPass> pass;
        RecurrentCall call = engine.training_call(results);
        call.abort = abort;
        GRU_RETURN_IF_ERROR(engine.layer().forward_training(call, pass));
        RecurrentGradientCall back = engine.backward_call(results);
        back.abort = abort;
        return engine.layer().backward(*pass, back);
      });
      CHECK((status.is_ok() || status.code() == StatusCode::aborted));
    }
    CHECK(engine.run().same_bits_as(expected));
  }
}

/// A model with a batch.
struct Training {
  std::shared_ptr<Model> model;
  std::unique_ptr<Trainer> trainer;
  std::vector<std::int32_t> tokens, classes;
  BatchShape shape;

  Training(Random& random, std::size_t steps, std::size_t batch) : shape{steps, batch, {}} {
    ChainOptions options;
    options.input = InputKind::tokens;
    options.tokens = 11;
    options.output_size = 11;
    options.gru.input_size = 9;
    options.gru.hidden_size = 24;
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(Model::create(chain(options), test_device(), 1, made));
    model = std::move(made);
    GRU_CHECK_OK(Trainer::create(model, {}, trainer));
    tokens = random.classes(steps * batch, 11);
    classes = random.classes(steps * batch, 11);
  }

  std::vector<float> parameters() const {
    std::vector<float> values(model->layout().count());
    GRU_CHECK_OK(model->read_parameters(values));
    return values;
  }
  ChainInput input(const AbortFlag* abort = nullptr) const { return {shape, {}, tokens, abort}; }
  Status step(const ChainInput& from) {
    StepMetrics metrics;
    return testing::step(*trainer, from, {classes, {}}, metrics);
  }
};

TEST_CASE("an aborted training step leaves the parameters") {
  Random random;
  const AbortFlag abort{true};
  Training training(random, 5, 4);
  const std::vector<float> before = training.parameters();
  CHECK(training.step(training.input(&abort)).code() == StatusCode::aborted);
  CHECK(same_bits(training.parameters(), before));
  GRU_CHECK_OK(training.step(training.input()));
  CHECK(!same_bits(training.parameters(), before));
}

TEST_CASE("a training step aborted at any time is whole or has not been" *
          doctest::skip(!has_threads)) {
  Random random;
  testing::set_schedule(2);
  Training training(random, 40, 64);
  GRU_CHECK_OK(training.step(training.input()));
  for (int round = 0; round < 15; ++round) {
    const std::vector<float> before = training.parameters();
    const Status status = aborted_meanwhile(
        random, std::chrono::milliseconds(10),
        [&](const AbortFlag* abort) { return training.step(training.input(abort)); });
    CHECK((status.is_ok() || status.code() == StatusCode::aborted));
    CHECK(same_bits(training.parameters(), before) == !status.is_ok());
  }
}

TEST_CASE("wrong values in batches are refused and leave the parameters") {
  Random random;
  Training right(random, 3, 2);
  const std::vector<float> before = right.parameters();
  const auto refuse = [&](const char* part, auto&& spoil) {
    ChainInput input = right.input();
    std::vector<std::int32_t> classes = right.classes;
    std::vector<std::int32_t> tokens = right.tokens;
    spoil(input, tokens, classes);
    input.tokens = tokens;
    StepMetrics metrics;
    GRU_CHECK_REFUSED(testing::step(*right.trainer, input, {classes, {}}, metrics),
                      StatusCode::value, part);
    GRU_CHECK_REFUSED(testing::evaluate(*right.trainer, input, {classes, {}}, metrics),
                      StatusCode::value, part);
    CHECK(same_bits(right.parameters(), before));
  };
  const std::vector<std::int32_t> none = {0, 0};
  refuse("input[4]: ", [](auto&, auto& tokens, auto&) { tokens[4] = 11; });
  refuse("input[0]: ", [](auto&, auto& tokens, auto&) { tokens[0] = -1; });
  refuse("targets.head[5]: ", [](auto&, auto&, auto& classes) { classes[5] = 11; });
  refuse("lengths: expected at least one valid step",
         [&none](auto& input, auto&, auto&) { input.shape.lengths = none; });
}

}  // namespace
}  // namespace gru
