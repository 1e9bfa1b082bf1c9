#include <cmath>
#include <vector>

#include "testing/interrupted_training.h"

/// A trainer that skips steps whose values are not finite goes on as if these had never been.
namespace gru {
namespace {

using testing::coin;
using testing::InterruptedTraining;
using testing::Random;
using testing::random_floats;
using testing::same_state;
using testing::TrainingData;

using Parts = std::vector<TrainingData>;

TrainerOptions skipping(OptimizerKind kind, const ClipOptions& clip) {
  TrainerOptions options;
  options.optimizer.kind = kind;
  options.optimizer.momentum = 0.9;
  options.clip = clip;
  options.nonfinite = Nonfinite::skip;
  return options;
}

Parts random_parts(Random& random) {
  Parts parts;
  for (std::size_t count = random.size(1, 3); count > 0; --count) parts.emplace_back(random);
  return parts;
}

/// The parts with a value in one of them that makes the loss or a gradient not finite.
Parts spoiled(Random& random, Parts parts) {
  TrainingData& part = parts[random.size(0, parts.size() - 1)];
  constexpr float values[] = {testing::nan_float, HUGE_VALF, -HUGE_VALF};
  std::vector<float>& spoils = coin(random) ? part.input : part.target;
  spoils[random.size(0, spoils.size() - 1)] = values[random.size(0, 2)];
  return parts;
}

/// Calls check(training, undisturbed) with trainings of all optimisers.
template <class Check>
void with_each_optimizer(Random& random, const Check& check) {
  for (const OptimizerKind kind :
       {OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::rmsprop}) {
    for (const ClipOptions& clip : {ClipOptions{0, 0}, ClipOptions{0.1, 0.05}}) {
      const CellKind cell = coin(random) ? CellKind::lstm : CellKind::gru;
      InterruptedTraining training(cell, skipping(kind, clip));
      InterruptedTraining undisturbed(cell, skipping(kind, clip));
      check(training, undisturbed);
    }
  }
}

TEST_CASE("skipped steps leave no trace") {
  Random random;
  with_each_optimizer(random, [&](InterruptedTraining& training, InterruptedTraining& undisturbed) {
    int skipped = 0;
    for (int round = 0; round < 4; ++round) {
      const Parts parts = random_parts(random);
      const testing::WholeState before = training.state();
      for (int again = 0; again < round; ++again) {
        GRU_CHECK_OK(training.step(spoiled(random, parts)));
        skipped += training.trainer->skipped() ? 1 : 0;
        const auto& [loss, norm] = training.metrics;
        CHECK(!(std::isfinite(loss) && std::isfinite(norm)));
        CHECK(same_state(training.state(), before));
      }
      GRU_CHECK_OK(training.step(parts));
      CHECK(!training.trainer->skipped());
      GRU_CHECK_OK(undisturbed.step(parts));
      CHECK(training.metrics.loss == undisturbed.metrics.loss);
      CHECK(training.metrics.gradient_norm == undisturbed.metrics.gradient_norm);
      CHECK(same_state(training.state(), undisturbed.state()));
      CHECK(!same_state(training.state(), before));
    }
    CHECK(skipped == 0 + 1 + 2 + 3);
    CHECK(training.state().state.updates == 4);
  });
}

TEST_CASE("a step whose gradients alone are not finite is skipped") {
  Random random;
  with_each_optimizer(random, [&](InterruptedTraining& training, InterruptedTraining&) {
    Parts parts = random_parts(random);
    GRU_CHECK_OK(training.step(parts));
    const testing::WholeState before = training.state();
    // The loss is finite in double. The gradients' sums over the rows exceed the range of a float.
    for (TrainingData& part : parts) part.target.assign(part.target.size(), 3e38F);
    GRU_CHECK_OK(training.step(parts));
    CHECK(training.trainer->skipped());
    CHECK(std::isfinite(training.metrics.loss));
    CHECK(!std::isfinite(training.metrics.gradient_norm));
    CHECK(same_state(training.state(), before));
  });
}

/// Runs a training pass, and its backward with gradients of the caller.
void gather(InterruptedTraining& training, const TrainingData& data,
            const std::vector<float>& d_predictions) {
  const InputBatch input = data.inputs();
  TrainingPass pass({&input, 1});
  std::vector<float> predictions(d_predictions.size());
  const std::span<float> room(predictions);
  GRU_CHECK_OK(training.trainer->forward(pass, nullptr, {&room, 1}));
  const std::span<const float> given(d_predictions);
  GRU_CHECK_OK(training.trainer->backward(pass, nullptr, {&given, 1}));
}

TEST_CASE("a skipped update discards its gradients and changes nothing else") {
  Random random;
  with_each_optimizer(random, [&](InterruptedTraining& training, InterruptedTraining& undisturbed) {
    const TrainingData data(random);
    const std::vector<float> right = random_floats(random, data.target.size());
    std::vector<float> wrong = right;
    wrong[random.size(0, wrong.size() - 1)] = testing::nan_float;
    for (InterruptedTraining* each : {&training, &undisturbed}) {
      GRU_CHECK_OK(each->step({data}));
      gather(*each, data, right);
    }
    gather(training, data, wrong);
    gather(undisturbed, data, right);
    const testing::WholeState before = training.state();
    GRU_CHECK_OK(training.trainer->update({}, training.metrics));
    CHECK(training.trainer->skipped());
    CHECK(same_state(training.state(), before));
    undisturbed.trainer->discard();
    for (InterruptedTraining* each : {&training, &undisturbed}) {
      gather(*each, data, right);
      GRU_CHECK_OK(each->trainer->update({}, each->metrics));
      CHECK(!each->trainer->skipped());
    }
    CHECK(training.metrics.gradient_norm == undisturbed.metrics.gradient_norm);
    CHECK(same_state(training.state(), undisturbed.state()));
    CHECK(!same_state(training.state(), before));
  });
}

}  // namespace
}  // namespace gru
