#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "testing/chain.h"
#include "testing/engine_testing.h"
#include "testing/interrupted_device.h"
#include "train/trainer.h"

/// A training that can be interrupted at each of its operations, and whose state can be compared.
namespace gru::testing {

/// One batch of three sequences of four steps.
struct TrainingData {
  static constexpr std::size_t steps = 4;
  static constexpr std::size_t batch = 3;
  static constexpr std::size_t features = 2;

  explicit TrainingData(Random& random, bool carries = true)
      : input(random_floats(random, steps * batch * features)),
        target(random_floats(random, steps * batch)),
        carry_state(carries) {}

  InputBatch inputs() const { return {{steps, batch, {}}, input, {}}; }
  Target targets() const {
    Target made;
    made.values = target;
    return made;
  }

  std::vector<float> input;   ///< [steps, batch, features]
  std::vector<float> target;  ///< [steps, batch, 1]
  bool carry_state;
};

inline bool same_state(const TrainerState& a, const TrainerState& b) {
  const auto same_copy = [](const CarriedCopy& x, const CarriedCopy& y) {
    return x.batch == y.batch && std::ranges::equal(x.values, y.values, same_bits);
  };
  const auto same_array = [](const TrainerState::Array& x, const TrainerState::Array& y) {
    return x.name == y.name && same_bits(x.values, y.values);
  };
  return a.updates == b.updates && a.passes == b.passes && same_bits(a.parameters, b.parameters) &&
         std::ranges::equal(a.carried, b.carried, same_copy) &&
         std::ranges::equal(a.arrays, b.arrays, same_array);
}

/// A stack of two layers with dropout, whose masks depend on the number of earlier passes, and a
/// trainer with moments and an average.
struct InterruptedTraining {
  Interruption interruption;
  std::shared_ptr<Model> model;
  std::unique_ptr<Trainer> trainer;
  StepMetrics metrics;

  InterruptedTraining(CellKind cell, TrainerOptions options) {
    ChainOptions layers;
    layers.loss = LossKind::mean_squared_error;
    layers.output_size = 1;
    layers.gru.cell = cell;
    layers.gru.input_size = TrainingData::features;
    layers.gru.hidden_size = 7;
    layers.gru.num_layers = 2;
    layers.gru.dropout = 0.3F;
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(
        Model::create(chain(layers), std::make_unique<InterruptedDevice>(interruption), 1, made));
    model = std::move(made);
    options.average_decay = 0.9;
    GRU_CHECK_OK(Trainer::create(model, options, trainer));
  }

  /// One step by several batches.
  Status step(const std::vector<TrainingData>& parts, const AbortFlag* abort = nullptr) {
    std::vector<InputBatch> inputs;
    std::vector<Target> targets;
    for (const TrainingData& part : parts) {
      inputs.push_back(part.inputs());
      targets.push_back(part.targets());
    }
    std::vector<TrainingBatch> batches;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      batches.push_back({{&inputs[i], 1}, {&targets[i], 1}, parts[i].carry_state});
    }
    return trainer->step(batches, {.abort = abort}, metrics);
  }
  Status evaluate(const TrainingData& data, const AbortFlag* abort = nullptr) {
    const InputBatch input = data.inputs();
    const Target target = data.targets();
    return trainer->evaluate({{&input, 1}, {&target, 1}, data.carry_state}, abort, metrics);
  }
  TrainerState state() {
    TrainerState read;
    GRU_CHECK_OK(trainer->read_state(read));
    // A place of a list that a step has had, but whose states it has not kept, is as good as none.
    while (!read.carried.empty() && read.carried.back().batch == 0) read.carried.pop_back();
    return read;
  }
};

}  // namespace gru::testing
