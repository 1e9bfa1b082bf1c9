#include "binding/loss_reader.h"

#include "binding/option_reader.h"

namespace gru::binding {

namespace {

LossOptions read_cross_entropy(const OptionReader& from) {
  LossOptions loss{LossKind::cross_entropy};
  loss.label_smoothing = from.fraction("labelSmoothing");
  loss.class_weights = from.weights("classWeights");
  loss.ignored_class = from.optional_int32("ignoredClass");
  return loss;
}

/// The option of all losses over values.
template <LossKind kind>
LossOptions read_values(const OptionReader& from) {
  LossOptions loss{kind};
  loss.ignore_missing = from.boolean("ignoreMissing");
  return loss;
}

LossOptions read_huber(const OptionReader& from) {
  LossOptions loss = read_values<LossKind::huber>(from);
  loss.delta = from.positive("delta");
  return loss;
}

LossOptions read_quantile(const OptionReader& from) {
  LossOptions loss = read_values<LossKind::quantile>(from);
  loss.quantiles = from.floats("quantiles", 1, "a number from 0 to 1");
  return loss;
}

LossOptions read_binary_cross_entropy(const OptionReader& from) {
  LossOptions loss = read_values<LossKind::binary_cross_entropy>(from);
  loss.positive_weights = from.weights("positiveWeights");
  return loss;
}

LossOptions read_ctc(const OptionReader&) { return {LossKind::ctc}; }

using Reader = LossOptions (*)(const OptionReader& from);

}  // namespace

LossOptions read_loss(Napi::Value value, const std::string& name) {
  const OptionReader from(value, name, name + ".");
  const auto read = from.choice<Reader>(
      "kind", {{"crossEntropy", read_cross_entropy},
               {"meanSquaredError", read_values<LossKind::mean_squared_error>},
               {"meanAbsoluteError", read_values<LossKind::mean_absolute_error>},
               {"huber", read_huber},
               {"quantile", read_quantile},
               {"gaussian", read_values<LossKind::gaussian>},
               {"binaryCrossEntropy", read_binary_cross_entropy},
               {"ctc", read_ctc}});
  return read(from);
}

}  // namespace gru::binding
