#pragma once

#include "testing/chain.h"
#include "train/trainer.h"

/// Calls on a model that is a chain, with its one input and its one output.
namespace gru::testing {

struct ChainInput {
  BatchShape shape;
  std::span<const float> features;       ///< [steps, batch, I]
  std::span<const std::int32_t> tokens;  ///< [steps, batch]
  const AbortFlag* abort = nullptr;

  InputBatch batch() const { return {shape, features, tokens}; }
};

inline Status step(Trainer& trainer, const ChainInput& input, const Target& target,
                   StepMetrics& metrics) {
  const InputBatch batch = input.batch();
  const TrainingBatch one{{&batch, 1}, {&target, 1}};
  return trainer.step({&one, 1}, {std::nullopt, input.abort}, metrics);
}

inline Status evaluate(Trainer& trainer, const ChainInput& input, const Target& target,
                       StepMetrics& metrics) {
  const InputBatch batch = input.batch();
  return trainer.evaluate({{&batch, 1}, {&target, 1}}, input.abort, metrics);
}

inline Status predict(Model& model, const ChainInput& input, std::span<float> predictions) {
  const InputBatch batch = input.batch();
  return model.predict({.inputs = {&batch, 1}, .outputs = {&predictions, 1}, .abort = input.abort});
}

}  // namespace gru::testing
