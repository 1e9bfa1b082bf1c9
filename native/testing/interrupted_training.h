#pragma once

#include <algorithm>
#include <memory>
#include <span>
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

/// The whole state of a trainer, with its large arrays.
struct WholeState {
  TrainerState state;
  std::vector<float> parameters;
  std::vector<std::vector<float>> arrays;

  WholeState(Trainer& trainer, std::size_t count)
      : parameters(count), arrays(trainer.array_names().size(), std::vector<float>(count)) {
    std::vector<std::span<float>> spans(arrays.begin(), arrays.end());
    GRU_CHECK_OK(trainer.read_state(state, parameters, spans));
  }
  void write(Trainer& trainer, Model& model) const {
    GRU_CHECK_OK(trainer.write_state(state));
    GRU_CHECK_OK(model.write_parameters(std::span<const float>(parameters)));
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      GRU_CHECK_OK(trainer.write_array(state.arrays[i], 0, arrays[i]));
    }
  }
};

inline bool same_state(const WholeState& whole_a, const WholeState& whole_b) {
  const auto& [a, parameters_a, arrays_a] = whole_a;
  const auto& [b, parameters_b, arrays_b] = whole_b;
  const auto same_copy = [](const CarriedCopy& x, const CarriedCopy& y) {
    return x.batch == y.batch && std::ranges::equal(x.values, y.values, same_bits);
  };
  return a.updates == b.updates && a.passes == b.passes && a.arrays == b.arrays &&
         same_bits(parameters_a, parameters_b) &&
         std::ranges::equal(a.carried, b.carried, same_copy) &&
         std::ranges::equal(arrays_a, arrays_b, same_bits);
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
  WholeState state() {
    WholeState read(*trainer, model->layout().count());
    // A place of a list that a step has had, but whose states it has not kept, is as good as none.
    std::vector<CarriedCopy>& carried = read.state.carried;
    while (!carried.empty() && carried.back().batch == 0) carried.pop_back();
    return read;
  }
};

}  // namespace gru::testing
