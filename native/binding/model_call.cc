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

Target read_target(napi_env env, napi_value value, const char* name, const Shape& shape,
                   LossKind loss) {
  Target target;
  if (loss == LossKind::cross_entropy) {
    target.classes = read_tensor<std::int32_t>(env, value, name, shape);
  } else {
    target.values = read_tensor<float>(env, value, name, shape);
  }
  return target;
}

}  // namespace

GivenCall read_given_call(const Arguments& arguments, const char* arrays) {
  const napi_env env = arguments.env();
  GivenCall call{env, arguments[0], {}, {}};
  read_list(env, arguments[1], "inputs",
            [&](napi_value input) { call.inputs.push_back(read_given_input(env, input)); });
  read_list(env, arguments[2], arrays, [&](napi_value array) { call.arrays.push_back(array); });
  return call;
}

GivenCall read_given_inputs(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  check_call(napi_typeof(env, value, &type));
  if (type != napi_object) refuse_type("batch", "an object", describe(env, value));
  GivenCall call{env, property(env, value, "batch"), {}, {}};
  read_list(env, property(env, value, "inputs"), "inputs",
            [&](napi_value input) { call.inputs.push_back(read_given_input(env, input)); });
  return call;
}

GivenCall read_given_batch(napi_env env, napi_value value) {
  GivenCall call = read_given_inputs(env, value);
  read_list(env, property(env, value, "targets"), "targets",
            [&](napi_value array) { call.arrays.push_back(array); });
  return call;
}

std::vector<GivenCall> read_given_batches(napi_env env, napi_value value) {
  std::vector<GivenCall> calls;
  read_list(env, value, "batches",
            [&](napi_value batch) { calls.push_back(read_given_batch(env, batch)); });
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
      inputs[i].tokens = read_tensor<std::int32_t>(call.env, given.values, name, shape);
    } else {
      inputs[i].features = read_tensor<float>(call.env, given.values, name, shape);
    }
  }
  return inputs;
}

std::vector<std::span<float>> read_outputs(const GivenCall& call, const Graph& graph,
                                           const ModelNames& names,
                                           std::span<const InputBatch> inputs) {
  check_count("outputs", names.outputs.size(), call.arrays.size());
  std::vector<std::span<float>> outputs(call.arrays.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i] = read_tensor<float>(call.env, call.arrays[i], names.outputs[i].predictions.c_str(),
                                    predictions_shape(graph, i, batch_of(i, graph, inputs)));
  }
  return outputs;
}

std::vector<std::span<const float>> read_output_gradients(const GivenCall& call, const Graph& graph,
                                                          const ModelNames& names,
                                                          std::span<const InputBatch> inputs) {
  check_count("outputs", names.outputs.size(), call.arrays.size());
  std::vector<std::span<const float>> gradients;
  for (std::size_t i = 0; i < call.arrays.size(); ++i) {
    gradients.push_back(
        read_optional_tensor<float>(call.env, call.arrays[i], names.outputs[i].predictions.c_str(),
                                    predictions_shape(graph, i, batch_of(i, graph, inputs))));
  }
  return gradients;
}

std::vector<Target> read_targets(const GivenCall& call, const Graph& graph, const ModelNames& names,
                                 std::span<const InputBatch> inputs) {
  check_count("targets", names.outputs.size(), call.arrays.size());
  std::vector<Target> targets;
  for (std::size_t i = 0; i < call.arrays.size(); ++i) {
    targets.push_back(read_target(call.env, call.arrays[i], names.outputs[i].target.c_str(),
                                  target_shape(graph, i, batch_of(i, graph, inputs)),
                                  graph.options().outputs[i].loss.kind));
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
  }
}

void keep_outputs(PromiseJob& job, const GivenCall& call, const ModelNames& names,
                  std::span<std::span<float>> outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i] =
        job.arrays.output(call.env, call.arrays[i], outputs[i], names.outputs[i].predictions);
  }
}

}  // namespace gru::binding
