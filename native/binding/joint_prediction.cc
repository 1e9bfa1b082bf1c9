#include "binding/joint_prediction.h"

#include <algorithm>
#include <string>

#include "binding/failure.h"
#include "binding/shapes.h"
#include "binding/values.h"

namespace gru::binding {

namespace {

/// Where row `step` of a sequence of a padded batch begins.
std::size_t offset_of(bool batch_first, std::size_t step, std::size_t sequence, std::size_t steps,
                      std::size_t batch, std::size_t width) {
  return (batch_first ? sequence * steps + step : step * batch + sequence) * width;
}

std::size_t steps_of(std::size_t count, std::size_t columns, const std::string& name) {
  if (count > 0 && count % columns == 0) return count / columns;
  refuse("ERR_GRU_SHAPE", name,
         "a multiple of " + std::to_string(columns) + " values, at least one step",
         std::to_string(count) + " values");
}

}  // namespace

JointPrediction::JointPrediction(napi_env env, const Graph& graph, const ModelNames& names,
                                 std::span<const napi_value> inputs,
                                 std::span<const napi_value> outputs, PromiseJob& job)
    : graph_(graph),
      batch_(inputs.size() / names.inputs.size()),
      inputs_(names.inputs.size()),
      outputs_(names.predictions.size()) {
  const bool fits = batch_ > 0 && inputs.size() == batch_ * inputs_.size() &&
                    outputs.size() == batch_ * outputs_.size();
  if (!fits) {
    refuse_value("inputs", "arrays of at least one sequence, and as many of outputs",
                 std::to_string(inputs.size()) + " and " + std::to_string(outputs.size()));
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const std::string& name = names.inputs[i].values;
    if (graph.options().inputs[i].tokens) {
      read_input(env, i, name, inputs, inputs_[i].tokens);
    } else {
      read_input(env, i, name, inputs, inputs_[i].features);
    }
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    read_output(env, i, names.predictions[i], outputs, job);
  }
}

template <class T>
void JointPrediction::read_input(napi_env env, std::size_t input, const std::string& name,
                                 std::span<const napi_value> given, std::vector<T>& joined) {
  Input& made = inputs_[input];
  const InputOptions& options = graph_.options().inputs[input];
  const std::size_t columns = options.tokens ? 1 : options.size;
  std::vector<std::span<const T>> sequences;
  for (std::size_t b = 0; b < batch_; ++b) {
    sequences.push_back(read_array<const T>(env, given[b * inputs_.size() + input], name.c_str()));
    const std::size_t steps = steps_of(sequences[b].size(), columns, name);
    if (steps > max_extent) refuse("ERR_GRU_SHAPE", name, "fewer steps", std::to_string(steps));
    made.lengths.push_back(static_cast<std::int32_t>(steps));
    made.steps = std::max(made.steps, steps);
  }
  const auto count = (CheckedSize(made.steps) * batch_ * columns).elements();
  if (!count || !(CheckedSize(made.steps) * batch_).is_at_most(max_extent)) {
    refuse("ERR_GRU_SHAPE", name, "fewer steps*batch",
           std::to_string(made.steps) + "*" + std::to_string(batch_));
  }
  joined.resize(*count);
  for (std::size_t b = 0; b < batch_; ++b) {
    for (std::size_t t = 0; t * columns < sequences[b].size(); ++t) {
      const std::size_t to =
          offset_of(graph_.options().batch_first, t, b, made.steps, batch_, columns);
      std::ranges::copy(sequences[b].subspan(t * columns, columns),
                        joined.begin() + static_cast<std::ptrdiff_t>(to));
    }
  }
}

void JointPrediction::read_output(napi_env env, std::size_t output, const std::string& name,
                                  std::span<const napi_value> given, PromiseJob& job) {
  Output& made = outputs_[output];
  const Input& read = inputs_[graph_.output_input(output)];
  const EdgeShape& shape = graph_.output_shape(output);
  made.steps = shape.every == Every::step ? read.steps : 1;
  for (std::size_t b = 0; b < batch_; ++b) {
    const napi_value array = given[b * outputs_.size() + output];
    const BatchShape sequence{static_cast<std::size_t>(read.lengths[b]), 1, {}};
    const std::span<float> target =
        read_tensor<float>(env, array, name.c_str(), predictions_shape(graph_, output, sequence));
    made.sequences.push_back(job.arrays.output(env, array, target, name));
  }
  const auto count = (CheckedSize(made.steps) * batch_ * shape.width).elements();
  if (!count) refuse("ERR_GRU_SHAPE", name, "fewer values", "too many");
  made.values.resize(*count);
}

Status JointPrediction::run(Model& model, const AbortFlag* abort) {
  std::vector<InputBatch> inputs;
  std::vector<std::span<float>> outputs;
  for (const Input& input : inputs_) {
    inputs.push_back({{input.steps, batch_, input.lengths}, input.features, input.tokens});
  }
  for (Output& output : outputs_) outputs.push_back(output.values);
  GRU_RETURN_IF_ERROR(model.predict({.inputs = inputs, .outputs = outputs, .abort = abort}));
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    split(outputs_[i], graph_.output_shape(i).width);
  }
  return {};
}

void JointPrediction::split(const Output& output, std::size_t width) const {
  for (std::size_t b = 0; b < batch_; ++b) {
    const std::span<float> to = output.sequences[b];
    for (std::size_t t = 0; t * width < to.size(); ++t) {
      const std::size_t from =
          offset_of(graph_.options().batch_first, t, b, output.steps, batch_, width);
      std::ranges::copy(std::span(output.values).subspan(from, width),
                        to.begin() + static_cast<std::ptrdiff_t>(t * width));
    }
  }
}

}  // namespace gru::binding
