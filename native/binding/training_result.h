#pragma once

#include <node_api.h>

#include <cstdint>
#include <span>
#include <vector>

#include "train/trainer.h"

namespace gru::binding {

/// The losses of a call of a trainer. The trainer itself keeps them only until its next call.
class TrainingResult {
 public:
  /// Allocates all memory that it needs, so that nothing fails after an update.
  TrainingResult(const Graph& graph, std::span<const std::vector<Target>> batches);

  /// Call it before another call of the trainer begins.
  void take(const Trainer& trainer, const StepMetrics& metrics);

  /// StepMetrics
  napi_value value(napi_env env) const;

 private:
  struct Output {
    double loss = 0;
    double denominator = 0;
    std::vector<std::int32_t> impossible;
  };

  static napi_value value_of(napi_env env, const Output& output);

  StepMetrics metrics_;
  bool skipped_ = false;
  std::vector<Output> outputs_;
};

/// UpdateMetrics
napi_value update_metrics(napi_env env, const StepMetrics& metrics, bool skipped);

}  // namespace gru::binding
