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

LossOptions read_huber(const OptionReader& from) {
  LossOptions loss{LossKind::huber};
  loss.delta = from.positive("delta");
  return loss;
}

LossOptions read_quantile(const OptionReader& from) {
  LossOptions loss{LossKind::quantile};
  loss.quantiles = from.floats("quantiles", 1, "a number from 0 to 1");
  return loss;
}

LossOptions read_binary_cross_entropy(const OptionReader& from) {
  LossOptions loss{LossKind::binary_cross_entropy};
  loss.positive_weights = from.weights("positiveWeights");
  return loss;
}

template <LossKind kind>
LossOptions read_kind(const OptionReader&) {
  return {kind};
}

using Reader = LossOptions (*)(const OptionReader& from);

}  // namespace

LossOptions read_loss(Napi::Value value, const std::string& name) {
  const OptionReader from(value, name, name + ".");
  const auto read =
      from.choice<Reader>("kind", {{"crossEntropy", read_cross_entropy},
                                   {"meanSquaredError", read_kind<LossKind::mean_squared_error>},
                                   {"meanAbsoluteError", read_kind<LossKind::mean_absolute_error>},
                                   {"huber", read_huber},
                                   {"quantile", read_quantile},
                                   {"gaussian", read_kind<LossKind::gaussian>},
                                   {"binaryCrossEntropy", read_binary_cross_entropy},
                                   {"ctc", read_kind<LossKind::ctc>}});
  return read(from);
}

}  // namespace gru::binding
