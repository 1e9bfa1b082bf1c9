#include <memory>
#include <vector>

#include "model/recurrent_module.h"
#include "testing/engine_graphs.h"
#include "train/training_pass.h"

/// What objects say that they hold, and what is left after trim: the next call has the same bits.
namespace gru {
namespace {

using testing::coin;
using testing::EngineGraph;
using testing::GraphExample;
using testing::Random;
using testing::random_floats;
using testing::same_bits;

std::size_t parameter_bytes(const EngineGraph& engine) {
  return engine.parameters().size() * sizeof(float);
}

/// A GPU keeps some memory that belongs to its queue.
bool counts_all(EngineGraph& engine) { return engine.model().computes_on_host(); }

TEST_CASE("a trimmed model and its trainer hold parameters and moments, and nothing else") {
  Random random;
  for (int round = 0; round < 8; ++round) {
    const GraphExample example = testing::random_graph(random);
    EngineGraph engine(example, {}, {});
    const std::size_t fresh = engine.trainer().held_bytes();
    engine.predictions();
    engine.step();
    engine.evaluate();
    CHECK(engine.trainer().held_bytes() > fresh);
    CHECK(engine.model().held_bytes() > parameter_bytes(engine) + engine.trainer().held_bytes());
    engine.trainer().trim();
    CHECK(engine.trainer().held_bytes() == fresh);
    engine.model().trim();
    if (counts_all(engine)) {
      CHECK(engine.model().held_bytes() == parameter_bytes(engine) + fresh);
    }
  }
}

TEST_CASE("calls after trim have the bits of calls without it") {
  Random random;
  for (int round = 0; round < 8; ++round) {
    const GraphExample example = testing::random_graph(random);
    EngineGraph trimmed(example, {}, {});
    EngineGraph plain(example, {}, {});
    const TrainingBatch batches[] = {plain.batch(), plain.batch()};
    for (int step = 0; step < 4; ++step) {
      if (coin(random)) trimmed.model().trim();
      if (coin(random)) trimmed.trainer().trim();
      const auto got = trimmed.predictions();
      const auto expected = plain.predictions();
      for (std::size_t i = 0; i < expected.size(); ++i) CHECK(same_bits(got[i], expected[i]));
      if (coin(random)) trimmed.model().trim();
      const bool several = coin(random);
      const StepMetrics a = several ? trimmed.step(batches) : trimmed.step();
      const StepMetrics b = several ? plain.step(batches) : plain.step();
      CHECK(a.loss == b.loss);
      CHECK(same_bits(trimmed.parameters(), plain.parameters()));
    }
  }
}

/// The gradients' update of a pass that was open while everything was trimmed.
std::vector<float> updated(const GraphExample& example, bool recompute, bool trims) {
  EngineGraph engine(example, {}, {});
  TrainerOptions options;
  options.recompute_activations = recompute;
  std::unique_ptr<Trainer> trainer;
  GRU_CHECK_OK(Trainer::create(engine.shared_model(), options, trainer));
  std::vector<std::vector<float>> rooms = engine.predictions();
  const std::vector<std::span<float>> predictions(rooms.begin(), rooms.end());
  TrainingPass pass(engine.batch().inputs);
  GRU_CHECK_OK(trainer->forward(pass, nullptr, predictions));
  CHECK(pass.held_bytes() > pass.input_bytes());
  const std::size_t held = pass.held_bytes();
  if (trims) {
    trainer->trim();
    engine.model().trim();
    CHECK(pass.held_bytes() == held);
    if (counts_all(engine)) {
      CHECK(engine.model().held_bytes() ==
            parameter_bytes(engine) + held + engine.trainer().held_bytes() + trainer->held_bytes());
    }
  }
  const std::vector<std::span<const float>> gradients(rooms.begin(), rooms.end());
  GRU_CHECK_OK(trainer->backward(pass, nullptr, gradients));
  if (trims) trainer->trim();  // the sum of the gradients stays
  StepMetrics metrics;
  GRU_CHECK_OK(trainer->update({}, metrics));
  return engine.parameters();
}

TEST_CASE("trim leaves passes and gradients as they are") {
  Random random;
  for (int round = 0; round < 6; ++round) {
    const GraphExample example = testing::random_graph(random);
    for (const bool recompute : {false, true}) {
      CHECK(same_bits(updated(example, recompute, true), updated(example, recompute, false)));
    }
  }
}

TEST_CASE("a trimmed layer holds its parameters and its passes") {
  Random random;
  RecurrentOptions options;
  options.input_size = 5;
  options.hidden_size = 7;
  options.num_layers = 2;
  options.bidirectional = coin(random);
  options.batch_first = coin(random);
  std::unique_ptr<RecurrentModule> layer;
  GRU_CHECK_OK(RecurrentModule::create(options, testing::test_device(), 1, layer));
  const std::vector<std::int32_t> lengths = random.lengths(4, 6);
  const std::vector<float> input = random_floats(random, 24 * options.input_size);
  std::vector<float> output(24 * options.output_size());
  std::vector<float> state(options.num_layers * options.num_directions() * 4 * options.hidden_size);
  const RecurrentCall call{{6, 4, lengths}, input, {}, {}, output, state, {}, nullptr};
  GRU_CHECK_OK(layer->forward(call));
  const std::vector<float> before = output;
  std::unique_ptr<RecurrentPass> pass;
  GRU_CHECK_OK(layer->forward_training(call, pass));
  layer->trim();
  if (layer->computes_on_host()) {
    CHECK(layer->held_bytes() == layer->parameter_bytes() + pass->held_bytes());
  }
  GRU_CHECK_OK(layer->forward(call));
  CHECK(same_bits(output, before));
}

}  // namespace
}  // namespace gru
