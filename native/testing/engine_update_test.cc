#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "testing/chain_training.h"
#include "testing/engine_testing.h"
#include "testing/forwarding_device.h"

/// Which steps of a trainer end with an update, and that the others change nothing.
namespace gru {
namespace {

using testing::chain;
using testing::ChainInput;
using testing::ChainOptions;
using testing::InputKind;
using testing::Random;
using testing::random_floats;
using testing::same_bits;

/// Counts the backward passes of layers.
class BackwardCounter final : public testing::ForwardingDevice {
 public:
  explicit BackwardCounter(int& count) : ForwardingDevice(testing::test_device()), count_(count) {}

  Status recurrent_backward(RecurrentWeights& weights, const RecurrentBackward& call) override {
    ++count_;
    return ForwardingDevice::recurrent_backward(weights, call);
  }
  Status embedding_backward(DeviceMatrix<float> table_gradient,
                            DeviceSpan<const std::int32_t> tokens,
                            DeviceMatrix<const float> d_output) override {
    ++count_;
    return ForwardingDevice::embedding_backward(table_gradient, tokens, d_output);
  }

 private:
  int& count_;
};

/// What a device does at the end of a step in these tests.
struct Plan {
  AbortFlag* raise_after_backward = nullptr;
  bool fail_update = false;
};

class PlannedDevice final : public testing::ForwardingDevice {
 public:
  explicit PlannedDevice(const Plan& plan)
      : ForwardingDevice(testing::test_device()), plan_(plan) {}

  /// The first operation after backward.
  Status gradient_norm(DeviceSpan<const float> gradients,
                       DeviceSpan<StepMetrics> metrics) override {
    if (plan_.raise_after_backward != nullptr) plan_.raise_after_backward->store(true);
    return ForwardingDevice::gradient_norm(gradients, metrics);
  }
  Status optimizer_update(const OptimizerUpdate& update) override {
    return plan_.fail_update ? Status::device("broken")
                             : ForwardingDevice::optimizer_update(update);
  }

 private:
  const Plan& plan_;
};

constexpr std::size_t steps = 4;
constexpr std::size_t batch = 3;

/// A model in training with dropout, whose masks also depend on the number of earlier updates.
struct Training {
  Plan plan;
  std::shared_ptr<Model> model;
  std::unique_ptr<Trainer> trainer;
  StepMetrics metrics;

  Training(OptimizerKind kind, const ClipOptions& clip) {
    ChainOptions options;
    options.input = InputKind::features;
    options.loss = LossKind::mean_squared_error;
    options.output_size = 1;
    options.gru.input_size = 3;
    options.gru.hidden_size = 9;
    options.gru.num_layers = 2;
    options.gru.dropout = 0.3F;
    OptimizerOptions optimizer;
    optimizer.kind = kind;
    optimizer.momentum = 0.9;
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(Model::create(chain(options), std::make_unique<PlannedDevice>(plan), 1, made));
    model = std::move(made);
    GRU_CHECK_OK(Trainer::create(model, {optimizer, clip}, trainer));
  }

  Status step(const std::vector<float>& input, const std::vector<float>& target,
              const AbortFlag* abort = nullptr) {
    return testing::step(*trainer, {{steps, batch, {}}, input, {}, abort}, {{}, target}, metrics);
  }
  std::vector<float> parameters() const {
    std::vector<float> values(model->layout().count());
    GRU_CHECK_OK(model->read_parameters(values));
    return values;
  }
};

/// In a training of each kind, calls spoil(training, input, target) between steps. Its step must
/// fail with `code`, and the training must continue like one without that call.
template <class Spoil>
void check_no_trace(StatusCode code, const Spoil& spoil) {
  Random random;
  for (const OptimizerKind kind :
       {OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::rmsprop}) {
    for (const ClipOptions& clip : {ClipOptions{0, 0}, ClipOptions{0.1, 0.05}}) {
      Training training(kind, clip);
      Training undisturbed(kind, clip);
      for (int round = 0; round < 3; ++round) {
        const std::vector<float> input = random_floats(random, steps * batch * 3);
        const std::vector<float> target = random_floats(random, steps * batch);
        const std::vector<float> before = training.parameters();
        const StepMetrics metrics = training.metrics;
        CHECK(spoil(training, input, target).code() == code);
        CHECK(same_bits(training.parameters(), before));
        CHECK(training.metrics.loss == metrics.loss);
        GRU_CHECK_OK(training.step(input, target));
        GRU_CHECK_OK(undisturbed.step(input, target));
        CHECK(training.metrics.loss == undisturbed.metrics.loss);
        CHECK(training.metrics.gradient_norm == undisturbed.metrics.gradient_norm);
        CHECK(same_bits(training.parameters(), undisturbed.parameters()));
        CHECK(!same_bits(training.parameters(), before));
      }
    }
  }
}

TEST_CASE("an abort after backward comes before the update") {
  check_no_trace(StatusCode::aborted,
                 [](Training& training, const auto& input, const auto& target) {
                   AbortFlag abort{false};
                   training.plan.raise_after_backward = &abort;
                   Status status = training.step(input, target, &abort);
                   training.plan.raise_after_backward = nullptr;
                   return status;
                 });
}

TEST_CASE("an update that the device refuses is not counted") {
  check_no_trace(StatusCode::device, [](Training& training, const auto& input, const auto& target) {
    training.plan.fail_update = true;
    Status status = training.step(input, target);
    training.plan.fail_update = false;
    return status;
  });
}

TEST_CASE("a loss or gradient that is not finite reaches no parameter") {
  for (const float value : {testing::nan_float, HUGE_VALF, -HUGE_VALF}) {
    check_no_trace(StatusCode::nonfinite,
                   [value](Training& training, auto input, const auto& target) {
                     input[7] = value;
                     return training.step(input, target);
                   });
    check_no_trace(StatusCode::nonfinite,
                   [value](Training& training, const auto& input, auto target) {
                     target[5] = value;
                     return training.step(input, target);
                   });
  }
}

TEST_CASE("gradients that overflow are refused by their norm") {
  check_no_trace(StatusCode::nonfinite, [](Training& training, const auto& input, auto target) {
    // The loss is finite in double. The gradients' sums over the rows exceed the range of a float.
    for (float& value : target) value = 3e38F;
    Status status = training.step(input, target);
    CHECK(status.message().find(": norm of the gradients: ") != std::string::npos);
    CHECK(status.message().find("began in the gradient of \"head.") != std::string::npos);
    return status;
  });
}

/// One step of a chain of an embedding, a recurrent layer of one layer, and a head.
struct FrozenStep {
  int backward_passes = 0;
  StepMetrics metrics;
  std::vector<float> before;
  std::vector<float> after;
  ParameterLayout layout;

  /// The tensors whose names begin with one of `frozen` keep their values.
  explicit FrozenStep(std::span<const std::string> frozen) {
    ChainOptions options;
    options.input = InputKind::tokens;
    options.tokens = 3;
    options.output_size = 3;
    options.gru.input_size = 3;
    options.gru.hidden_size = 5;
    OptimizerOptions optimizer;
    optimizer.kind = OptimizerKind::sgd;
    optimizer.learning_rate = 1;
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(
        Model::create(chain(options), std::make_unique<BackwardCounter>(backward_passes), 1, made));
    const std::shared_ptr<Model> model = std::move(made);
    layout = model->layout();
    TrainerOptions trained{optimizer, {}};
    for (const ParameterSpec& spec : layout.specs())
      trained.parameters.push_back(own(spec, frozen));
    std::unique_ptr<Trainer> trainer;
    GRU_CHECK_OK(Trainer::create(model, trained, trainer));
    before = values_of(*model);
    const std::vector<std::int32_t> tokens{1, 0, 2, 2, 1, 0};
    GRU_CHECK_OK(testing::step(*trainer, {{3, 2, {}}, {}, tokens}, {tokens, {}}, metrics));
    after = values_of(*model);
  }

  std::span<const float> part(const std::vector<float>& values, const ParameterSpec& spec) const {
    return std::span(values).subspan(spec.offset, spec.count);
  }
  static bool is_frozen(const ParameterSpec& spec, std::span<const std::string> frozen) {
    return std::ranges::any_of(
        frozen, [&](const std::string& name) { return spec.name.starts_with(name); });
  }

 private:
  static ParameterOptions own(const ParameterSpec& spec, std::span<const std::string> frozen) {
    ParameterOptions options;
    options.frozen = is_frozen(spec, frozen);
    return options;
  }
  static std::vector<float> values_of(Model& model) {
    std::vector<float> values(model.layout().count());
    GRU_CHECK_OK(model.read_parameters(values));
    return values;
  }
};

TEST_CASE("a frozen layer has no backward pass if nothing before it learns") {
  using Names = std::vector<std::string>;
  const FrozenStep free(Names{});
  CHECK(free.backward_passes == 2);
  const std::pair<Names, int> cases[] = {{{"embedding"}, 1},
                                         {{"embedding", "gru"}, 0},
                                         {{"gru"}, 2},
                                         {{"embedding", "gru.bias"}, 1},
                                         {{"gru", "head"}, 2},
                                         {{"head"}, 2},
                                         {{"embedding", "gru", "head"}, 0}};
  for (const auto& one : cases) {
    const Names& frozen = one.first;
    const FrozenStep step(frozen);
    CAPTURE(frozen.size());
    CAPTURE(frozen.back());
    CHECK(step.backward_passes == one.second);
    CHECK(step.metrics.loss == free.metrics.loss);
    double squares = 0;
    for (const ParameterSpec& spec : step.layout.specs()) {
      const bool is_frozen = FrozenStep::is_frozen(spec, frozen);
      const auto& wanted = is_frozen ? step.before : free.after;
      CHECK(std::ranges::equal(step.part(step.after, spec), step.part(wanted, spec)));
      for (std::size_t i = 0; i < spec.count; ++i) {
        const double change = step.after[spec.offset + i] - step.before[spec.offset + i];
        squares += change * change;
      }
    }
    GRU_CHECK_NEAR(step.metrics.gradient_norm, std::sqrt(squares), 1e-5);
  }
}

}  // namespace
}  // namespace gru
