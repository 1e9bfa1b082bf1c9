#include "binding/trainer_options.h"

#include <string>

#include "base/checks.h"
#include "binding/option_reader.h"

namespace gru::binding {

namespace {

OptimizerOptions read_optimizer(const OptionReader& from) {
  OptimizerOptions options;
  options.kind = from.choice<OptimizerKind>("kind", {{"sgd", OptimizerKind::sgd},
                                                     {"adam", OptimizerKind::adam},
                                                     {"adamw", OptimizerKind::adamw},
                                                     {"rmsprop", OptimizerKind::rmsprop}});
  options.learning_rate = from.number("learningRate");
  options.momentum = from.number("momentum");
  options.beta1 = from.fraction("beta1");
  options.beta2 = from.fraction("beta2");
  options.decay = from.number("decay");
  if (options.decay > 1) {
    refuse_value(from.name_of("decay"), "a number from 0 to 1", text_of(options.decay));
  }
  options.epsilon = from.number("epsilon");
  options.weight_decay = from.number("weightDecay");
  return options;
}

ParameterOptions read_parameter(const OptionReader& from) {
  ParameterOptions options;
  options.frozen = from.boolean("frozen");
  options.learning_rate = from.optional_number("learningRate");
  options.weight_decay = from.optional_number("weightDecay");
  return options;
}

}  // namespace

TrainerOptions read_trainer_options(Napi::Value value) {
  const OptionReader from(value, "options");
  TrainerOptions options;
  options.optimizer = read_optimizer(from);
  options.clip = {from.number("clipNorm"), from.number("clipValue")};
  for (const Napi::Value& given : from.list("parameters")) {
    const std::string name = "parameters[" + std::to_string(options.parameters.size()) + "]";
    options.parameters.push_back(read_parameter(OptionReader(given, name, name + ".")));
  }
  if (!from.is_null("averageDecay")) options.average_decay = from.fraction("averageDecay");
  options.nonfinite = from.choice<Nonfinite>(
      "nonFinite", {{"throw", Nonfinite::refuse}, {"skip", Nonfinite::skip}});
  return options;
}

StepCall read_step_options(Napi::Value value) {
  return {OptionReader(value, "options").optional_number("learningRate"), nullptr};
}

}  // namespace gru::binding
