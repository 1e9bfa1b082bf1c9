#include "binding/model_call.h"

#include <string>

#include "binding/option_reader.h"
#include "binding/shapes.h"

namespace gru::binding {

namespace {

napi_value property(napi_env env, napi_value object, const char* key) {
  napi_value value = nullptr;
  check_call(napi_get_named_property(env, object, key, &value));
  return value;
}

GivenCall::Input read_given_input(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  check_call(napi_typeof(env, value, &type));
  if (type != napi_object) refuse_type("inputs", "an Array of objects", describe(env, value));
  return {property(env, value, "steps"), property(env, value, "lengths"),
          property(env, value, "values")};
}

void check_count(const char* name, std::size_t expected, std::size_t got) {
  if (got == expected) return;
  refuse_value(name, "an Array of " + std::to_string(expected),
               "an Array of " + std::to_string(got));
}

/// The batch that determines an output's steps.
const BatchShape& batch_of(std::size_t output, const Graph& graph,
                           std::span<const InputBatch> inputs) {
  return inputs[graph.output_input(output)].shape;
}

GivenCall read_given_call(const Arguments& arguments) {
  const napi_env env = arguments.env();
  GivenCall call{env, arguments[0], {}};
  read_list(env, arguments[1], "inputs",
            [&](napi_value input) { call.inputs.push_back(read_given_input(env, input)); });
  return call;
}

/// The name in lib's options: 'states.memory.cell'.
std::string name_of_state(const char* list, const Graph& graph, std::size_t state) {
  const GraphState& found = graph.states()[state];
  const char* kind = found.shape.kind == StateKind::cell ? ".cell" : ".state";
  return std::string(list) + "." + graph.options().layers[found.layer].name + kind;
}

constexpr const char* initial_list = "initialStates";
constexpr const char* final_list = "states";

std::vector<napi_value> read_given_list(const Arguments& arguments, std::size_t index,
                                        const char* name) {
  std::vector<napi_value> values;
  const napi_env env = arguments.env();
  if (is_undefined(env, arguments[index]) || is_null(env, arguments[index])) return values;
  read_list(env, arguments[index], name, [&](napi_value value) { values.push_back(value); });
  return values;
}

/// T: float, or const float.
template <class T>
std::vector<std::span<T>> read_state_list(const GivenCall& call, const char* list,
                                          std::span<const napi_value> values, const Graph& graph,
                                          std::size_t batch) {
  std::vector<std::span<T>> states;
  if (values.empty()) return states;
  check_count(list, graph.states().size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    states.push_back(read_optional_tensor<T>(
        call.env, values[i], name_of_state(list, graph, i).c_str(), state_shape(graph, i, batch)));
  }
  return states;
}

}  // namespace

GivenStates read_given_states(const Arguments& arguments, std::size_t first) {
  return {read_given_list(arguments, first, initial_list),
          read_given_list(arguments, first + 1, final_list)};
}

CallStates read_states(const GivenCall& call, const GivenStates& given, const Graph& graph,
                       std::size_t batch) {
  return {read_state_list<const float>(call, initial_list, given.initial, graph, batch),
          read_state_list<float>(call, final_list, given.final, graph, batch)};
}

PredictionCall read_prediction_call(const Arguments& arguments) {
  PredictionCall call{read_given_call(arguments), {}};
  read_list(call.env, arguments[2], "outputs",
            [&](napi_value array) { call.outputs.push_back(array); });
  return call;
}

GivenCall read_given_inputs(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  check_call(napi_typeof(env, value, &type));
  if (type != napi_object) refuse_type("batch", "an object", describe(env, value));
  GivenCall call{env, property(env, value, "batch"), {}};
  read_list(env, property(env, value, "inputs"), "inputs",
            [&](napi_value input) { call.inputs.push_back(read_given_input(env, input)); });
  return call;
}

PredictionCall read_predictions(napi_env env, napi_value value) {
  PredictionCall call{{env, nullptr, {}}, {}};
  read_list(env, value, "outputs", [&](napi_value array) { call.outputs.push_back(array); });
  return call;
}

PredictionCall read_optional_predictions(const Arguments& arguments, std::size_t place) {
  return {{arguments.env(), nullptr, {}}, read_given_list(arguments, place, "outputs")};
}

GradientCall read_gradients(napi_env env, napi_value value) {
  GradientCall call{{env, nullptr, {}}, {}};
  read_list(env, value, "outputs", [&](napi_value array) { call.gradients.push_back(array); });
  return call;
}

TrainingCall read_training_call(napi_env env, napi_value value) {
  TrainingCall call{read_given_inputs(env, value), {}};
  read_list(env, property(env, value, "targets"), "targets",
            [&](napi_value target) { call.targets.push_back(read_given_target(env, target)); });
  const napi_value carry_state = property(env, value, "carryState");
  call.carry_state =
      !is_undefined(env, carry_state) && read_boolean(env, carry_state, "carryState");
  return call;
}

std::vector<TrainingCall> read_training_calls(napi_env env, napi_value value) {
  std::vector<TrainingCall> calls;
  read_list(env, value, "batches",
            [&](napi_value batch) { calls.push_back(read_training_call(env, batch)); });
  if (calls.empty()) refuse_value("batches", "at least one", "none");
  return calls;
}

std::vector<InputBatch> read_inputs(const GivenCall& call, const Graph& graph,
                                    const ModelNames& names) {
  check_count("inputs", names.inputs.size(), call.inputs.size());
  std::vector<InputBatch> inputs(call.inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const GivenCall::Input& given = call.inputs[i];
    const char* name = names.inputs[i].values.c_str();
    inputs[i].shape = read_batch_shape(
        call.env, {given.steps, call.batch, given.lengths, name, names.inputs[i].lengths.c_str()});
    const Shape shape = input_shape(graph, i, inputs[i].shape);
    if (graph.options().inputs[i].tokens) {
      inputs[i].tokens = read_tensor<const std::int32_t>(call.env, given.values, name, shape);
    } else {
      inputs[i].features = read_tensor<const float>(call.env, given.values, name, shape);
    }
  }
  return inputs;
}

std::vector<std::span<float>> read_outputs(const PredictionCall& call, const Graph& graph,
                                           const ModelNames& names,
                                           std::span<const InputBatch> inputs) {
  check_count("outputs", names.predictions.size(), call.outputs.size());
  std::vector<std::span<float>> outputs(call.outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i] = read_tensor<float>(call.env, call.outputs[i], names.predictions[i].c_str(),
                                    predictions_shape(graph, i, batch_of(i, graph, inputs)));
  }
  return outputs;
}

std::vector<std::span<const float>> read_output_gradients(const GradientCall& call,
                                                          const Graph& graph,
                                                          const ModelNames& names,
                                                          std::span<const InputBatch> inputs) {
  check_count("outputs", names.predictions.size(), call.gradients.size());
  std::vector<std::span<const float>> gradients;
  for (std::size_t i = 0; i < call.gradients.size(); ++i) {
    gradients.push_back(
        read_optional_tensor<const float>(call.env, call.gradients[i], names.predictions[i].c_str(),
                                          predictions_shape(graph, i, batch_of(i, graph, inputs))));
  }
  return gradients;
}

std::vector<Target> read_targets(const TrainingCall& call, const Graph& graph,
                                 std::span<const InputBatch> inputs) {
  check_count("targets", graph.options().outputs.size(), call.targets.size());
  std::vector<Target> targets;
  for (std::size_t i = 0; i < call.targets.size(); ++i) {
    targets.push_back(read_target(call.env, call.targets[i], graph, i, batch_of(i, graph, inputs)));
  }
  return targets;
}

void keep_inputs(PromiseJob& job, std::span<InputBatch> inputs) {
  for (InputBatch& input : inputs) {
    input.shape.lengths = job.arrays.copy(input.shape.lengths);
    input.features = job.arrays.copy(input.features);
    input.tokens = job.arrays.copy(input.tokens);
  }
}

void keep_targets(PromiseJob& job, std::span<Target> targets) {
  for (Target& target : targets) {
    target.classes = job.arrays.copy(target.classes);
    target.values = job.arrays.copy(target.values);
    target.labels = job.arrays.copy(target.labels);
    target.label_lengths = job.arrays.copy(target.label_lengths);
  }
}

void keep_outputs(PromiseJob& job, const PredictionCall& call, const ModelNames& names,
                  std::span<std::span<float>> outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i] = job.arrays.output(call.env, call.outputs[i], outputs[i], names.predictions[i]);
  }
}

void keep_states(PromiseJob& job, const GivenCall& call, const GivenStates& given,
                 const Graph& graph, CallStates& states) {
  for (std::span<const float>& state : states.initial) state = job.arrays.copy(state);
  for (std::size_t i = 0; i < states.final.size(); ++i) {
    if (states.final[i].empty()) continue;
    states.final[i] = job.arrays.output(call.env, given.final[i], states.final[i],
                                        name_of_state(final_list, graph, i));
  }
}

}  // namespace gru::binding
