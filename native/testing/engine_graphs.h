#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "testing/engine_testing.h"
#include "testing/random_graphs.h"
#include "train/trainer.h"

/// A graph's example on the device.
namespace gru::testing {

/// Padded steps hold NaN, or a token that does not exist: they must not change any result.
class EngineGraph {
 public:
  static constexpr std::uint64_t seed = 5;

  EngineGraph(const GraphExample& of, const OptimizerOptions& optimizer, const ClipOptions& clip,
              std::unique_ptr<Device> device = test_device())
      : example_(of), edges_(of.edges()) {
    for (std::size_t i = 0; i < of.data.size(); ++i) add_input(of.options.inputs[i], of.data[i]);
    for (std::size_t i = 0; i < of.expected.size(); ++i) add_target(i);
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(Model::create(of.options, std::move(device), seed, made));
    model_ = std::move(made);
    GRU_CHECK_OK(model_->write_parameters(to_floats(of.parameters)));
    GRU_CHECK_OK(Trainer::create(model_, {optimizer, clip}, trainer_));
  }

  StepMetrics step() {
    StepMetrics metrics;
    const TrainingBatch one = batch();
    GRU_CHECK_OK(trainer_->step({&one, 1}, {}, metrics));
    return metrics;
  }
  /// One step by batches of examples of the same graph, as if they were one.
  StepMetrics step(std::span<const TrainingBatch> batches) {
    StepMetrics metrics;
    GRU_CHECK_OK(trainer_->step(batches, {}, metrics));
    return metrics;
  }
  StepMetrics evaluate() {
    StepMetrics metrics;
    GRU_CHECK_OK(trainer_->evaluate(batch(), nullptr, metrics));
    return metrics;
  }
  /// As evaluate(), with the predictions of the same pass.
  std::vector<std::vector<float>> evaluated_predictions(StepMetrics& metrics) {
    return predictions_of([&](std::span<const std::span<float>> rooms) {
      return trainer_->evaluate(batch(), nullptr, metrics, rooms);
    });
  }
  std::vector<float> parameters() const {
    std::vector<float> values(model_->layout().count());
    GRU_CHECK_OK(model_->read_parameters(values));
    return values;
  }
  /// The predictions of each output, time-major.
  std::vector<std::vector<float>> predictions() {
    return predictions_of([&](std::span<const std::span<float>> rooms) {
      return model_->predict({.inputs = batches_, .outputs = rooms});
    });
  }
  /// As the caller has it; as long as this object is there.
  TrainingBatch batch() const { return {batches_, targets_}; }
  Model& model() { return *model_; }
  const std::shared_ptr<Model>& shared_model() const { return model_; }
  Trainer& trainer() { return *trainer_; }

 private:
  struct Arrays {
    std::vector<float> floats;
    std::vector<std::int32_t> integers;
  };

  /// What a call writes into memory for the predictions of each output, time-major.
  template <class Call>
  std::vector<std::vector<float>> predictions_of(const Call& call) {
    std::vector<std::vector<float>> made;
    std::vector<std::span<float>> rooms;
    made.reserve(example_.options.outputs.size());
    for (const OutputOptions& output : example_.options.outputs) {
      rooms.push_back(made.emplace_back(edges_[output.layer].values.size(), nan_float));
    }
    GRU_CHECK_OK(call(rooms));
    for (std::size_t i = 0; i < made.size(); ++i) {
      const ReferenceEdge& edge = edges_[example_.options.outputs[i].layer];
      if (!is_swapped(edge)) continue;
      made[i] = swap_axes(std::span<const float>(made[i]), edge.batch, edge.steps);
    }
    return made;
  }

  bool is_swapped(const ReferenceEdge& edge) const {
    return example_.options.batch_first && edge.every == Every::step;
  }

  /// The values in the caller's layout, with `spoiled` in rows that are not valid.
  template <class T>
  std::vector<T> caller_rows(std::vector<T> values, const ReferenceEdge& edge, T spoiled) const {
    if (values.empty()) return values;
    const std::size_t rows = edge.every == Every::step ? edge.steps * edge.batch : edge.batch;
    const std::size_t width = values.size() / rows;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t row = i / width;
      const std::size_t t = edge.every == Every::step ? row / edge.batch : 0;
      if (t >= edge.lengths[row % edge.batch]) values[i] = spoiled;
    }
    if (!is_swapped(edge)) return values;
    return swap_axes(std::span<const T>(values), edge.steps, edge.batch);
  }

  void add_input(const InputOptions& options, const GraphInput& input) {
    const ReferenceEdge& edge = edges_[options.name];
    Arrays& arrays = *arrays_.emplace_back(std::make_unique<Arrays>());
    if (options.tokens) {
      arrays.integers = caller_rows(input.tokens, edge, std::int32_t{-1});
    } else {
      arrays.floats = caller_rows(to_floats(input.features), edge, nan_float);
    }
    batches_.push_back(
        {{input.steps, example_.batch, input.lengths}, arrays.floats, arrays.integers});
  }

  void add_target(std::size_t i) {
    const ReferenceEdge& edge = edges_[example_.options.outputs[i].layer];
    const GraphTarget& target = example_.expected[i];
    Arrays& arrays = *arrays_.emplace_back(std::make_unique<Arrays>());
    if (!target.classes.empty()) {
      arrays.integers = caller_rows(target.classes, edge, std::int32_t{-1});
    } else {
      arrays.floats = caller_rows(to_floats(target.values), edge, nan_float);
    }
    targets_.push_back({arrays.integers, arrays.floats});
  }

  const GraphExample& example_;
  ReferenceEdges edges_;
  std::vector<std::unique_ptr<Arrays>> arrays_;
  std::vector<InputBatch> batches_;
  std::vector<Target> targets_;
  std::shared_ptr<Model> model_;
  std::unique_ptr<Trainer> trainer_;
};

}  // namespace gru::testing
