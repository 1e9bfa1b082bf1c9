#include <functional>
#include <vector>

#include "testing/interrupted_training.h"

/// Steps that carry states and are interrupted at any of their operations.
namespace gru {
namespace {

using testing::InterruptedTraining;
using testing::Random;
using testing::same_state;
using testing::TrainingData;

using Parts = std::vector<TrainingData>;

/// How a step is interrupted, and the status that it ends with.
struct Ending {
  StatusCode code;
  std::function<Status(AbortFlag&)> action;
};

const Ending& aborted() {
  static const Ending ending{StatusCode::aborted, [](AbortFlag& abort) {
                               abort = true;
                               return Status();
                             }};
  return ending;
}

const Ending& failed() {
  static const Ending ending{StatusCode::device,
                             [](AbortFlag&) { return Status::device("broken"); }};
  return ending;
}

/// Calls `call(abort)`, which ends before the operation that follows `operations` others. Returns
/// false if it has no more operations. Then it is complete.
template <class Call>
bool interrupt(InterruptedTraining& training, const Ending& ending, std::size_t operations,
               const Call& call) {
  AbortFlag abort{false};
  training.interruption.arm(operations, [&] { return ending.action(abort); });
  const Status status = call(&abort);
  const bool is_complete = training.interruption.is_armed();
  training.interruption.disarm();
  CHECK(status.code() == (is_complete ? StatusCode::ok : ending.code));
  return !is_complete;
}

Parts random_parts(Random& random, std::size_t count) {
  Parts parts;
  while (parts.size() < count) parts.emplace_back(random);
  return parts;
}

/// Two trainings after the same carried step.
struct Trainings {
  InterruptedTraining interrupted;
  InterruptedTraining unbroken;

  Trainings(Random& random, CellKind cell, std::size_t parts, const TrainerOptions& options = {})
      : interrupted(cell, options), unbroken(cell, options) {
    step_both(random_parts(random, parts));
  }
  /// One more step of both, to the same bits.
  void step_both(const Parts& parts) {
    GRU_CHECK_OK(interrupted.step(parts));
    step_unbroken(parts);
  }
  /// The step that the other training has done already.
  void step_unbroken(const Parts& parts) {
    GRU_CHECK_OK(unbroken.step(parts));
    CHECK(interrupted.metrics.loss == unbroken.metrics.loss);
    CHECK(interrupted.metrics.gradient_norm == unbroken.metrics.gradient_norm);
    CHECK(same_state(interrupted.state(), unbroken.state()));
  }
};

/// Calls check(trainings, parts, ending) for steps by one batch and by several.
template <class Check>
void with_each_step(Random& random, const Check& check) {
  for (const CellKind cell : {CellKind::gru, CellKind::lstm}) {
    for (const std::size_t parts : {std::size_t{1}, std::size_t{2}}) {
      for (const Ending* ending : {&aborted(), &failed()}) {
        Trainings trainings(random, cell, parts);
        check(trainings, parts, *ending);
      }
    }
  }
}

/// The operations of a step by one batch: two layers and the head forward, and more backward.
constexpr std::size_t fewest_operations = 8;

TEST_CASE("a carried step that ends at any operation leaves the state and can be repeated") {
  Random random;
  with_each_step(random, [&](Trainings& trainings, std::size_t count, const Ending& ending) {
    InterruptedTraining& training = trainings.interrupted;
    std::size_t operations = 0;
    for (bool was_interrupted = true; was_interrupted; ++operations) {
      const Parts parts = random_parts(random, count);
      const testing::WholeState before = training.state();
      const StepMetrics metrics = training.metrics;
      was_interrupted = interrupt(training, ending, operations, [&](const AbortFlag* abort) {
        return training.step(parts, abort);
      });
      if (was_interrupted) {
        CHECK(same_state(training.state(), before));
        CHECK(training.metrics.loss == metrics.loss);
        GRU_CHECK_OK(training.step(parts));
      }
      trainings.step_unbroken(parts);
      CHECK(!same_state(training.state(), before));
    }
    CHECK(operations > count * fewest_operations);
  });
}

/// A step without carried states, then one that carries them. The first must not bring the states
/// of an earlier, failed step into effect.
void check_next_steps(Random& random, std::size_t count, Trainings& trainings) {
  trainings.step_both(Parts(random.size(1, 2), TrainingData(random, false)));
  trainings.step_both(random_parts(random, count));
}

TEST_CASE("states of a carried step that failed do not come into effect by a later plain step") {
  Random random;
  with_each_step(random, [&](Trainings& trainings, std::size_t count, const Ending& ending) {
    InterruptedTraining& training = trainings.interrupted;
    for (std::size_t operations = 0; operations < count * fewest_operations; ++operations) {
      const Parts parts = random_parts(random, count);
      CHECK(interrupt(training, ending, operations,
                      [&](const AbortFlag* abort) { return training.step(parts, abort); }));
      check_next_steps(random, count, trainings);
    }
  });
}

TEST_CASE("nor do those of a step whose loss was not finite") {
  Random random;
  for (const Nonfinite nonfinite : {Nonfinite::refuse, Nonfinite::skip}) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{2}}) {
      TrainerOptions options;
      options.nonfinite = nonfinite;
      Trainings trainings(random, CellKind::lstm, count, options);
      for (int round = 0; round < 3; ++round) {
        Parts spoiled = random_parts(random, count);
        spoiled.back().target[0] = testing::nan_float;
        const bool is_ok = nonfinite == Nonfinite::skip;
        CHECK(trainings.interrupted.step(spoiled).code() ==
              (is_ok ? StatusCode::ok : StatusCode::nonfinite));
        check_next_steps(random, count, trainings);
      }
    }
  }
}

TEST_CASE("states of a carried evaluation that failed do not come into effect by a later one") {
  Random random;
  for (const CellKind cell : {CellKind::gru, CellKind::lstm}) {
    Trainings trainings(random, cell, 1);
    InterruptedTraining& training = trainings.interrupted;
    // Two layers, the head and the loss.
    for (std::size_t operations = 0; operations < 4; ++operations) {
      const TrainingData failing(random);
      CHECK(interrupt(training, failed(), operations,
                      [&](const AbortFlag* abort) { return training.evaluate(failing, abort); }));
      for (const bool carries : {false, true, true}) {
        const TrainingData data(random, carries);
        GRU_CHECK_OK(training.evaluate(data));
        GRU_CHECK_OK(trainings.unbroken.evaluate(data));
        CHECK(training.metrics.loss == trainings.unbroken.metrics.loss);
      }
    }
  }
}

}  // namespace
}  // namespace gru
