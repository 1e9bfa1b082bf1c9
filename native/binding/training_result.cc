#include "binding/training_result.h"

#include "binding/results.h"

namespace gru::binding {

TrainingResult::TrainingResult(const Graph& graph, std::span<const std::vector<Target>> batches)
    : outputs_(graph.options().outputs.size()) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    std::size_t sequences = 0;
    for (const std::vector<Target>& targets : batches) sequences += targets[i].label_lengths.size();
    outputs_[i].impossible.reserve(sequences);
  }
}

void TrainingResult::take(const Trainer& trainer, const StepMetrics& metrics) {
  metrics_ = metrics;
  skipped_ = trainer.skipped();
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const OutputMetrics& from = trainer.outputs()[i];
    outputs_[i].loss = from.loss;
    outputs_[i].denominator = from.denominator;
    outputs_[i].impossible.assign(from.impossible.begin(), from.impossible.end());
  }
}

napi_value TrainingResult::value(napi_env env) const {
  std::vector<napi_value> outputs;
  for (const Output& output : outputs_) outputs.push_back(value_of(env, output));
  return make_object(env, {{"loss", make_number(env, metrics_.loss)},
                           {"gradNorm", make_number(env, metrics_.gradient_norm)},
                           {"skipped", make_boolean(env, skipped_)},
                           {"outputs", make_array(env, outputs)}});
}

napi_value TrainingResult::value_of(napi_env env, const Output& output) {
  std::vector<napi_value> impossible;
  for (const std::int32_t sequence : output.impossible) {
    impossible.push_back(make_number(env, sequence));
  }
  return make_object(env, {{"loss", make_number(env, output.loss)},
                           {"denominator", make_number(env, output.denominator)},
                           {"impossible", make_array(env, impossible)}});
}

napi_value update_metrics(napi_env env, const StepMetrics& metrics, bool skipped) {
  return make_object(env, {{"gradNorm", make_number(env, metrics.gradient_norm)},
                           {"skipped", make_boolean(env, skipped)}});
}

}  // namespace gru::binding
