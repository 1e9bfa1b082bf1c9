#include <memory>
#include <variant>
#include <vector>

#include "testing/engine_graphs.h"
#include "testing/interrupted_training.h"

/// Steps by several batches, and a trainer's state, of whole random graphs.
namespace gru {
namespace {

using testing::EngineGraph;
using testing::GraphExample;
using testing::Random;
using testing::same_bits;
using testing::to_doubles;

OptimizerOptions descent() {
  OptimizerOptions options;
  options.kind = OptimizerKind::sgd;
  options.learning_rate = 1;
  return options;
}

/// Masks belong to the rows of a batch, so that those of parts are others.
GraphExample without_dropout(GraphExample example) {
  for (LayerOptions& layer : example.options.layers) {
    if (auto* dropout = std::get_if<DropoutOptions>(&layer.kind)) dropout->probability = 0;
    if (auto* stack = std::get_if<RecurrentOptions>(&layer.kind)) stack->dropout = 0;
  }
  testing::round_to_floats(example.parameters);
  return example;
}

/// Each sequence of an example as a batch of its own.
class Parts {
 public:
  explicit Parts(const GraphExample& example) {
    for (std::size_t b = 0; b < example.batch; ++b) {
      examples_.push_back(std::make_unique<GraphExample>(testing::sequence_of(example, b)));
      engines_.push_back(std::make_unique<EngineGraph>(*examples_[b], descent(), ClipOptions()));
      batches_.push_back(engines_[b]->batch());
    }
  }
  std::span<const TrainingBatch> batches() const { return batches_; }

 private:
  std::vector<std::unique_ptr<GraphExample>> examples_;
  std::vector<std::unique_ptr<EngineGraph>> engines_;
  std::vector<TrainingBatch> batches_;
};

TEST_CASE("parts of a batch are as the whole") {
  Random random;
  for (int round = 0; round < 20; ++round) {
    const GraphExample example = without_dropout(testing::random_graph(random));
    const Parts parts(example);
    const ClipOptions clip{0.5, 0};
    EngineGraph whole(example, descent(), clip);
    EngineGraph sum(example, descent(), clip);
    for (int step = 0; step < 2; ++step) {
      const StepMetrics expected = whole.step();
      const StepMetrics got = sum.step(parts.batches());
      GRU_CHECK_NEAR(got.loss, expected.loss, 1e-5 * std::max(1.0, expected.loss));
      GRU_CHECK_NEAR(got.gradient_norm, expected.gradient_norm,
                     2e-5 * std::max(1.0, expected.gradient_norm));
      GRU_CHECK_ALL_NEAR("parameters", to_doubles(sum.parameters()), to_doubles(whole.parameters()),
                         1e-5);
      for (std::size_t i = 0; i < example.expected.size(); ++i) {
        const OutputMetrics& one = whole.trainer().outputs()[i];
        const OutputMetrics& all = sum.trainer().outputs()[i];
        // Rows with missing values count in part, and a sum of fractions may be rounded.
        GRU_CHECK_NEAR(all.denominator, one.denominator, 1e-14 * one.denominator);
        GRU_CHECK_NEAR(all.loss, one.loss, 1e-5 * std::max(1.0, std::abs(one.loss)));
      }
    }
  }
}

TEST_CASE("bits of parts do not depend on the schedule") {
  Random random;
  const GraphExample example = testing::random_graph(random, {6, 20, 60, true});
  const Parts parts(example);
  std::vector<float> alone;
  for (const unsigned schedule : {1U, 2U, 3U}) {
    testing::set_schedule(schedule);
    EngineGraph engine(example, descent(), {0.5, 0});
    for (int step = 0; step < 2; ++step) engine.step(parts.batches());
    if (schedule == 1) alone = engine.parameters();
    CHECK(same_bits(engine.parameters(), alone));
  }
  testing::set_schedule(1);
}

/// A trainer of a model of its own, and steps of it.
struct Training {
  EngineGraph engine;
  std::unique_ptr<Trainer> trainer;

  Training(const GraphExample& example, const TrainerOptions& options)
      : engine(example, descent(), {}) {
    GRU_CHECK_OK(Trainer::create(engine.shared_model(), options, trainer));
  }
  void step() {
    const TrainingBatch batch = engine.batch();
    StepMetrics metrics;
    GRU_CHECK_OK(trainer->step({&batch, 1}, {}, metrics));
  }
  testing::WholeState state() { return {*trainer, engine.model().layout().count()}; }
  std::vector<float> average() {
    std::vector<float> values(engine.model().layout().count());
    GRU_CHECK_OK(trainer->read_average(values));
    return values;
  }
};

TrainerOptions averaging(OptimizerKind kind) {
  TrainerOptions options;
  options.optimizer.kind = kind;
  options.optimizer.momentum = 0.9;
  options.average_decay = 0.9;
  return options;
}

TEST_CASE("a state that was read goes on to the same bits") {
  Random random;
  for (const OptimizerKind kind :
       {OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::rmsprop}) {
    const GraphExample example = testing::random_graph(random);
    Training unbroken(example, averaging(kind));
    for (int step = 0; step < 3; ++step) unbroken.step();
    const testing::WholeState whole = unbroken.state();
    CHECK(whole.state.updates == 3);
    CHECK(whole.state.passes == 3);
    Training resumed(example, averaging(kind));
    whole.write(*resumed.trainer, resumed.engine.model());
    for (int step = 0; step < 2; ++step) {
      unbroken.step();
      resumed.step();
    }
    CHECK(same_bits(resumed.engine.parameters(), unbroken.engine.parameters()));
    CHECK(same_bits(resumed.average(), unbroken.average()));
  }
}

TEST_CASE("the state of another trainer is refused and changes nothing") {
  Random random;
  const GraphExample example = testing::random_graph(random);
  Training adam(example, averaging(OptimizerKind::adam));
  Training same(example, averaging(OptimizerKind::adam));
  Training other(example, averaging(OptimizerKind::rmsprop));
  adam.step();
  same.step();
  other.step();
  TrainerState state = other.state().state;
  TrainerOptions plain = averaging(OptimizerKind::adam);
  plain.average_decay.reset();
  Training without(example, plain);
  GRU_CHECK_REFUSED(without.trainer->write_state(state), StatusCode::value, "state: ");
  GRU_CHECK_REFUSED(without.trainer->write_array("average", 0, {}), StatusCode::value, "array: ");
  state = adam.state().state;
  state.updates = 100;
  state.arrays.pop_back();
  GRU_CHECK_REFUSED(adam.trainer->write_state(state), StatusCode::value, "state: ");
  adam.step();
  same.step();
  CHECK(same_bits(adam.engine.parameters(), same.engine.parameters()));
}

}  // namespace
}  // namespace gru
