#include "binding/training_result.h"

#include "binding/results.h"

namespace gru::binding {

TrainingResult::TrainingResult(std::span<const Target> targets) : outputs_(targets.size()) {
  for (std::size_t i = 0; i < targets.size(); ++i) {
    outputs_[i].impossible.reserve(targets[i].label_lengths.size());
  }
}

void TrainingResult::take(const Trainer& trainer, const StepMetrics& metrics) {
  metrics_ = metrics;
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

}  // namespace gru::binding
