#include "binding/targets.h"

#include <string>

#include "binding/results.h"
#include "binding/values.h"

namespace gru::binding {

namespace {

/// The formulas of the number of an array's values, for messages.
struct Formulas {
  const char* batch;     ///< of a batch
  const char* sequence;  ///< of one sequence
};

/// For outputs that predict at every step, and for those that predict once for each sequence.
struct TargetFormulas {
  Formulas step;
  Formulas last;
};

constexpr TargetFormulas class_formulas{{"steps*batch", "steps"}, {"batch", "1"}};
constexpr TargetFormulas value_formulas{{formulas::step_values, "steps*size"},
                                        {formulas::last_values, "1*size"}};
constexpr TargetFormulas quantile_formulas{{"steps*batch*size/quantiles", "steps*size/quantiles"},
                                           {"batch*size/quantiles", "1*size/quantiles"}};
constexpr TargetFormulas gaussian_formulas{{"steps*batch*size/2", "steps*size/2"},
                                           {"batch*size/2", "1*size/2"}};
/// Both are the same: an output with labels predicts at every step.
constexpr TargetFormulas label_formulas{{"labels*batch", "labels"}, {"labels*batch", "labels"}};

const TargetFormulas& formulas_of(LossKind loss) {
  switch (target_kind(loss)) {
    case TargetKind::classes:
      return class_formulas;
    case TargetKind::labels:
      return label_formulas;
    case TargetKind::values:
      break;
  }
  if (loss == LossKind::quantile) return quantile_formulas;
  return loss == LossKind::gaussian ? gaussian_formulas : value_formulas;
}

const Formulas& formulas_of(const Graph& graph, std::size_t output) {
  const TargetFormulas& found = formulas_of(graph.options().outputs[output].loss.kind);
  return graph.output_shape(output).every == Every::step ? found.step : found.last;
}

/// Numbers of one target.
std::size_t columns_of(const Graph& graph, std::size_t output) {
  const LossOptions& loss = graph.options().outputs[output].loss;
  if (target_kind(loss.kind) != TargetKind::values) return 1;
  return target_width(loss, graph.output_shape(output).width);
}

/// The shape of classes or values.
Shape target_shape(const Graph& graph, std::size_t output, const BatchShape& batch) {
  const bool every_step = graph.output_shape(output).every == Every::step;
  const CheckedSize rows = CheckedSize(every_step ? batch.steps : 1) * batch.batch;
  return {formulas_of(graph, output).batch, rows * columns_of(graph, output)};
}

void check_labels(const std::string& name, const char* formula, std::size_t batch,
                  std::size_t count) {
  if (count % batch == 0) return;
  refuse("ERR_GRU_SHAPE", name, std::string(formula) + " = a multiple of " + std::to_string(batch),
         std::to_string(count) + (count == 1 ? " value" : " values"));
}

Target read_labels(napi_env env, const GivenTarget& given, const std::string& name,
                   const char* formula, std::size_t batch) {
  if (given.labels == nullptr) {
    refuse_type(name, "an object with labels and lengths", describe(env, given.value));
  }
  const std::string labels = name + ".labels";
  const std::string lengths = name + ".lengths";
  Target target;
  target.labels = read_array<const std::int32_t>(env, given.labels, labels.c_str());
  check_labels(labels, formula, batch, target.labels.size());
  target.label_lengths = read_tensor<const std::int32_t>(env, given.lengths, lengths.c_str(),
                                                         {formulas::lengths, CheckedSize(batch)});
  return target;
}

const char* name_of(TargetKind kind) {
  switch (kind) {
    case TargetKind::classes:
      return "classes";
    case TargetKind::values:
      return "values";
    case TargetKind::labels:
      return "labels";
  }
  return "";
}

/// The range of classes, labels or probabilities; null for other values.
napi_value describe_range(napi_env env, const LossOptions& loss, std::size_t width) {
  const TargetKind kind = target_kind(loss.kind);
  if (kind == TargetKind::values && !has_probabilities(loss.kind)) return make_null(env);
  const std::size_t first = kind == TargetKind::labels ? ctc_blank + 1 : 0;
  const std::size_t last = kind == TargetKind::values ? 1 : width - 1;
  const auto& ignored = loss.ignored_class;
  return make_object(env, {{"first", make_size(env, first)},
                           {"last", make_size(env, last)},
                           {"ignored", ignored ? make_number(env, *ignored) : make_null(env)}});
}

}  // namespace

GivenTarget read_given_target(napi_env env, napi_value value) {
  GivenTarget given{value};
  napi_valuetype type = napi_undefined;
  bool is_array = false;
  check_call(napi_typeof(env, value, &type));
  check_call(napi_is_typedarray(env, value, &is_array));
  if (type != napi_object || is_array) return given;
  check_call(napi_get_named_property(env, value, "labels", &given.labels));
  check_call(napi_get_named_property(env, value, "lengths", &given.lengths));
  return given;
}

Target read_target(napi_env env, const GivenTarget& given, const Graph& graph, std::size_t output,
                   const BatchShape& batch) {
  const OutputOptions& options = graph.options().outputs[output];
  const std::string name = options.target_in_messages();
  Target target;
  switch (target_kind(options.loss.kind)) {
    case TargetKind::labels:
      return read_labels(env, given, name, formulas_of(graph, output).batch, batch.batch);
    case TargetKind::classes:
      target.classes = read_tensor<const std::int32_t>(env, given.value, name.c_str(),
                                                       target_shape(graph, output, batch));
      break;
    case TargetKind::values:
      target.values = read_tensor<const float>(env, given.value, name.c_str(),
                                               target_shape(graph, output, batch));
      break;
  }
  return target;
}

napi_value describe_target(napi_env env, const Graph& graph, std::size_t output) {
  const LossOptions& loss = graph.options().outputs[output].loss;
  const TargetKind kind = target_kind(loss.kind);
  const Formulas& spelled = formulas_of(graph, output);
  return make_object(env, {{"kind", make_string(env, name_of(kind))},
                           {"columns", make_size(env, columns_of(graph, output))},
                           {"formula", make_string(env, spelled.batch)},
                           {"sequenceFormula", make_string(env, spelled.sequence)},
                           {"missing", make_boolean(env, loss.ignore_missing)},
                           {"range", describe_range(env, loss, graph.output_shape(output).width)}});
}

}  // namespace gru::binding
