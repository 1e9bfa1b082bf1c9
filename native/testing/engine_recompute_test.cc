#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "testing/counting_device.h"
#include "testing/engine_graphs.h"

/// Trainers that compute activations again in backward: the results are those of trainers that keep
/// them, to the bit, and the memory is less by what is not kept.
namespace gru {
namespace {

using testing::coin;
using testing::CountingDevice;
using testing::EngineGraph;
using testing::ForwardingDevice;
using testing::GraphExample;
using testing::Random;
using testing::same_bits;

/// An example on a device, and a trainer with or without the option.
struct Training {
  Training(const GraphExample& example, bool recompute,
           std::unique_ptr<Device> device = testing::test_device())
      : engine(example, {}, {}, std::move(device)) {
    TrainerOptions options;
    options.clip = {0.5, 0};
    options.recompute_activations = recompute;
    GRU_CHECK_OK(Trainer::create(engine.shared_model(), options, trainer));
  }

  EngineGraph engine;
  std::unique_ptr<Trainer> trainer;
};

std::vector<std::vector<std::int32_t>> lengths_of(const GraphExample& example) {
  std::vector<std::vector<std::int32_t>> lengths;
  for (const testing::GraphInput& input : example.data) lengths.push_back(input.lengths);
  return lengths;
}

/// A random graph whose recurrent layers have random cells.
GraphExample draw_graph(Random& random, const testing::GraphKinds& kinds = {}) {
  GraphExample example = testing::random_graph(random, kinds);
  for (LayerOptions& layer : example.options.layers) {
    auto* stack = std::get_if<RecurrentOptions>(&layer.kind);
    if (stack != nullptr && coin(random)) stack->cell = CellKind::lstm;
  }
  testing::fill(example, random, lengths_of(example), 0.25);
  return example;
}

/// One stack between an input and a head. Its batch has ragged lengths.
GraphExample stack_graph(Random& random, const RecurrentOptions& stack, std::size_t batch,
                         std::size_t steps) {
  GraphExample example;
  example.batch = batch;
  example.options.inputs = {{"x", false, 3}};
  example.options.layers = {{"memory", {"x"}, stack}, {"head", {"memory"}, LinearOptions{2}}};
  example.options.outputs = {{"head", {LossKind::mean_squared_error}}};
  example.data.resize(1);
  example.data[0].steps = steps;
  testing::fill(example, random, {random.lengths(batch, steps)}, 0.3);
  return example;
}

RecurrentOptions stack_of(CellKind cell, std::size_t layers, bool bidirectional) {
  RecurrentOptions stack;
  stack.cell = cell;
  stack.hidden_size = 9;
  stack.num_layers = layers;
  stack.bidirectional = bidirectional;
  stack.dropout = 0.3F;
  return stack;
}

using Bits = std::vector<std::vector<float>>;

void check_same_bits(const Bits& got, const Bits& expected) {
  CHECK(got.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(same_bits(got[i], expected[i]));
}

void add_bits(const EngineGraph& engine, const StepMetrics& metrics, Bits& bits) {
  bits.push_back({static_cast<float>(metrics.loss), static_cast<float>(metrics.gradient_norm)});
  bits.push_back(engine.parameters());
}

/// The results of steps with lists of one to three batches.
Bits bits_of_steps(const GraphExample& example, bool recompute, bool carry_state = false) {
  const Training training(example, recompute);
  TrainingBatch batch = training.engine.batch();
  batch.carry_state = carry_state;
  Bits bits;
  for (const std::size_t parts : {1U, 3U, 2U, 1U}) {
    StepMetrics metrics;
    GRU_CHECK_OK(training.trainer->step(std::vector<TrainingBatch>(parts, batch), {}, metrics));
    add_bits(training.engine, metrics, bits);
    GRU_CHECK_OK(training.trainer->evaluate(training.engine.batch(), nullptr, metrics));
    add_bits(training.engine, metrics, bits);
  }
  return bits;
}

TEST_CASE("steps of random graphs have the bits of steps that keep all activations") {
  Random random;
  for (int round = 0; round < 16; ++round) {
    const GraphExample example = draw_graph(random);
    testing::set_schedule(static_cast<unsigned>(random.size(1, 3)));
    const Bits expected = bits_of_steps(example, false);
    testing::set_schedule(static_cast<unsigned>(random.size(1, 3)));
    check_same_bits(bits_of_steps(example, true), expected);
  }
  testing::set_schedule(1);
}

TEST_CASE("large layers have these bits too, for any schedule") {
  Random random;
  for (const CellKind cell : {CellKind::gru, CellKind::lstm}) {
    RecurrentOptions stack = stack_of(cell, 2, true);
    stack.hidden_size = 70;
    const GraphExample example = stack_graph(random, stack, 40, 12);
    testing::set_schedule(1);
    const Bits expected = bits_of_steps(example, false);
    for (const unsigned schedule : {1U, 2U, 3U}) {
      testing::set_schedule(schedule);
      check_same_bits(bits_of_steps(example, true), expected);
    }
  }
  testing::set_schedule(1);
}

TEST_CASE("states are carried from step to step") {
  Random random;
  for (const CellKind cell : {CellKind::gru, CellKind::lstm}) {
    const GraphExample example = stack_graph(random, stack_of(cell, 3, false), 5, 4);
    const Bits expected = bits_of_steps(example, false, true);
    check_same_bits(bits_of_steps(example, true, true), expected);
  }
}

/// Room for the predictions of every output, which also serves as gradients.
struct Rooms {
  explicit Rooms(const GraphExample& example) {
    const ReferenceEdges edges = example.edges();
    for (const OutputOptions& output : example.options.outputs) {
      values.emplace_back(edges.at(output.layer).values.size());
    }
  }
  std::vector<std::span<float>> room() { return {values.begin(), values.end()}; }
  std::vector<std::span<const float>> gradients() const { return {values.begin(), values.end()}; }

  std::vector<std::vector<float>> values;
};

/// Updates with the loss |predictions|^2 / 2, by three passes that are open at the same time.
Bits bits_of_passes(const GraphExample& example, bool recompute) {
  const Training training(example, recompute);
  Bits bits;
  for (int update = 0; update < 2; ++update) {
    std::vector<std::unique_ptr<TrainingPass>> passes;
    std::vector<Rooms> rooms(3, Rooms(example));
    for (Rooms& room : rooms) {
      passes.push_back(std::make_unique<TrainingPass>(training.engine.batch().inputs));
      GRU_CHECK_OK(training.trainer->forward(*passes.back(), nullptr, room.room()));
      bits.insert(bits.end(), room.values.begin(), room.values.end());
    }
    for (const std::size_t pass : {2U, 0U, 1U}) {
      GRU_CHECK_OK(training.trainer->backward(*passes[pass], nullptr, rooms[pass].gradients()));
    }
    StepMetrics metrics;
    GRU_CHECK_OK(training.trainer->update({}, metrics));
    add_bits(training.engine, metrics, bits);
  }
  return bits;
}

TEST_CASE("passes that are open at the same time have the bits of passes that keep all") {
  Random random;
  for (int round = 0; round < 8; ++round) {
    const GraphExample example = draw_graph(random);
    const Bits expected = bits_of_passes(example, false);
    check_same_bits(bits_of_passes(example, true), expected);
  }
}

TEST_CASE("a pass may outlive its trainer") {
  Random random;
  const GraphExample example = draw_graph(random);
  CountingDevice::Counts counts;
  {
    Training training(example, true,
                      std::make_unique<CountingDevice>(testing::test_device(), counts));
    TrainingPass pass(training.engine.batch().inputs);
    Rooms rooms(example);
    GRU_CHECK_OK(training.trainer->forward(pass, nullptr, rooms.room()));
    training.trainer.reset();
    GRU_CHECK_OK(training.engine.shared_model()->predict(
        {.inputs = training.engine.batch().inputs, .outputs = rooms.room()}));
  }
  CHECK(counts.allocated > 0);
  CHECK(counts.bytes == 0);
}

/// The reserves of one direction of each recurrent layer, in bytes, and how many of them there are.
struct Reserves {
  explicit Reserves(const GraphExample& example) {
    const ReferenceEdges edges = example.edges();
    for (const LayerOptions& layer : example.options.layers) {
      const auto* stack = std::get_if<RecurrentOptions>(&layer.kind);
      if (stack == nullptr) continue;
      std::size_t rows = 0;
      for (const std::size_t length : edges.at(layer.name).lengths) rows += length;
      const std::size_t bytes = rows * stack->spec().reserve * stack->hidden_size * sizeof(float);
      all += bytes * stack->num_layers * stack->num_directions();
      largest = std::max(largest, bytes);
    }
  }
  std::size_t all = 0;
  std::size_t largest = 0;
};

std::size_t bytes_of_steps(const GraphExample& example, bool recompute) {
  CountingDevice::Counts counts;
  const Training training(example, recompute,
                          std::make_unique<CountingDevice>(testing::test_device(), counts));
  const std::vector<TrainingBatch> one(1, training.engine.batch());
  StepMetrics metrics;
  for (int step = 0; step < 3; ++step) GRU_CHECK_OK(training.trainer->step(one, {}, metrics));
  return counts.bytes;
}

TEST_CASE("a step holds the largest reserve instead of all") {
  Random random;
  for (int round = 0; round < 12; ++round) {
    const GraphExample example = draw_graph(random);
    const Reserves reserves(example);
    CHECK(bytes_of_steps(example, true) + reserves.all - reserves.largest ==
          bytes_of_steps(example, false));
  }
}

std::size_t bytes_of_passes(const GraphExample& example, bool recompute, std::size_t count) {
  CountingDevice::Counts counts;
  const Training training(example, recompute,
                          std::make_unique<CountingDevice>(testing::test_device(), counts));
  Rooms rooms(example);
  std::vector<std::unique_ptr<TrainingPass>> passes;
  for (std::size_t pass = 0; pass < count; ++pass) {
    passes.push_back(std::make_unique<TrainingPass>(training.engine.batch().inputs));
    GRU_CHECK_OK(training.trainer->forward(*passes.back(), nullptr, rooms.room()));
  }
  return counts.bytes;
}

TEST_CASE("open passes hold one reserve in all") {
  Random random;
  for (int round = 0; round < 4; ++round) {
    const GraphExample example = draw_graph(random);
    const Reserves reserves(example);
    CHECK(bytes_of_passes(example, true, 3) + 3 * reserves.all - reserves.largest ==
          bytes_of_passes(example, false, 3));
  }
}

/// Counts the forward calls of directions of layers, and raises a flag at one of them.
class ForwardCounter final : public ForwardingDevice {
 public:
  struct Calls {
    int made = 0;
    int abort_at = 0;  ///< number of the call, from 1; 0: never
    AbortFlag abort{false};
  };

  ForwardCounter(std::unique_ptr<Device> device, Calls& calls)
      : ForwardingDevice(std::move(device)), calls_(calls) {}

  Status recurrent_forward(RecurrentWeights& weights, const RecurrentForward& call) override {
    if (++calls_.made == calls_.abort_at) calls_.abort = true;
    return ForwardingDevice::recurrent_forward(weights, call);
  }

 private:
  Calls& calls_;
};

/// Training with the option on such a device.
struct Counted {
  explicit Counted(const GraphExample& example)
      : training(example, true, std::make_unique<ForwardCounter>(testing::test_device(), calls)) {}

  Status step() {
    calls.made = 0;
    calls.abort = false;
    const TrainingBatch batch = training.engine.batch();
    StepMetrics metrics;
    return training.trainer->step({&batch, 1}, {std::nullopt, &calls.abort}, metrics);
  }

  std::vector<float> parameters() const { return training.engine.parameters(); }

  ForwardCounter::Calls calls;
  Training training;
};

TEST_CASE("what is computed again is all but the last direction, where that comes first") {
  Random random;
  struct Expected {
    std::size_t layers;
    bool bidirectional;
    int calls;
  };
  for (const auto& [layers, bidirectional, calls] :
       {Expected{1, false, 1}, Expected{3, false, 5}, Expected{1, true, 4}, Expected{2, true, 8}}) {
    const GraphExample example =
        stack_graph(random, stack_of(CellKind::gru, layers, bidirectional), 4, 3);
    Counted counted(example);
    GRU_CHECK_OK(counted.step());
    CHECK(counted.calls.made == calls);
  }
}

TEST_CASE("an abort in a repeated forward call leaves the parameters") {
  Random random;
  for (const CellKind cell : {CellKind::gru, CellKind::lstm}) {
    const GraphExample example = stack_graph(random, stack_of(cell, 2, true), 4, 3);
    Counted plain(example);
    Counted aborted(example);
    for (int at = 1; at <= 8; ++at) {
      const std::vector<float> before = aborted.parameters();
      aborted.calls.abort_at = at;
      CHECK(aborted.step().code() == StatusCode::aborted);
      CHECK(aborted.calls.made == at);
      CHECK(same_bits(aborted.parameters(), before));
      aborted.calls.abort_at = 0;
      GRU_CHECK_OK(aborted.step());
      GRU_CHECK_OK(plain.step());
      CHECK(same_bits(aborted.parameters(), plain.parameters()));
    }
  }
}

TEST_CASE("a pass whose repeated forward call is aborted adds nothing") {
  Random random;
  const GraphExample example = stack_graph(random, stack_of(CellKind::gru, 2, false), 4, 3);
  Counted counted(example);
  Rooms rooms(example);
  TrainingPass pass(counted.training.engine.batch().inputs);
  GRU_CHECK_OK(counted.training.trainer->forward(pass, nullptr, rooms.room()));
  counted.calls.abort_at = counted.calls.made + 1;
  const AbortFlag& abort = counted.calls.abort;
  CHECK(counted.training.trainer->backward(pass, &abort, rooms.gradients()).code() ==
        StatusCode::aborted);
  GRU_CHECK_REFUSED(counted.training.trainer->backward(pass, nullptr, rooms.gradients()),
                    StatusCode::value, "pass: expected one backward call");
  StepMetrics metrics;
  GRU_CHECK_REFUSED(counted.training.trainer->update({}, metrics), StatusCode::value,
                    "trainer.update: ");
}

TEST_CASE("steps that compute again in a steady state allocate no device memory") {
  Random random;
  const GraphExample example = draw_graph(random);
  CountingDevice::Counts counts;
  const Training training(example, true,
                          std::make_unique<CountingDevice>(testing::test_device(), counts));
  const std::vector<TrainingBatch> one(1, training.engine.batch());
  int warm = 0;
  for (int step = 0; step < 4; ++step) {
    StepMetrics metrics;
    GRU_CHECK_OK(training.trainer->step(one, {}, metrics));
    if (step == 0) warm = counts.allocated;
  }
  CHECK(counts.allocated == warm);
}

}  // namespace
}  // namespace gru
