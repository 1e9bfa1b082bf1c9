#include <memory>
#include <string>
#include <vector>

#include "binding/graph_options.h"
#include "binding/option_reader.h"
#include "binding/reference.h"
#include "binding/reference_arrays.h"
#include "binding/results.h"
#include "layers/initialization.h"
#include "model/graph.h"
#include "reference/graph.h"

namespace gru::binding {

namespace {

struct GivenInput {
  std::size_t steps = 0;
  std::vector<std::int32_t> lengths;
  std::vector<double> features;
  std::vector<std::int32_t> tokens;
};

struct GivenTarget {
  std::vector<std::int32_t> classes;
  std::vector<double> values;
  std::vector<std::int32_t> labels;
  std::vector<std::int32_t> label_lengths;
};

/// A GraphReferenceCall.
struct GraphReferenceCall {
  std::size_t batch = 0;
  std::vector<GivenInput> inputs;
  std::vector<GivenTarget> targets;
  DropoutMask mask;

  /// Batches with their shapes alone.
  std::vector<InputBatch> shapes() const {
    std::vector<InputBatch> shapes;
    for (const GivenInput& input : inputs) {
      shapes.push_back({{input.steps, batch, input.lengths}, {}, {}});
    }
    return shapes;
  }
  std::vector<ReferenceBatch> batches() const {
    std::vector<ReferenceBatch> batches;
    for (const GivenInput& input : inputs) {
      batches.push_back({input.steps, batch, input.features, input.tokens, input.lengths});
    }
    return batches;
  }
  std::vector<ReferenceTarget> expected() const {
    std::vector<ReferenceTarget> expected;
    for (const GivenTarget& target : targets) {
      expected.push_back({target.classes, target.values, target.labels, target.label_lengths});
    }
    return expected;
  }
};

GivenInput read_input(Napi::Value value, const InputNames& names, bool tokens) {
  const Napi::Env env = value.Env();
  const OptionReader from(value, "inputs");
  GivenInput input;
  input.steps = from.size("steps");
  input.lengths = optional_copy_of<std::int32_t>(env, from.get("lengths"), names.lengths.c_str());
  const char* name = names.values.c_str();
  if (tokens) {
    input.tokens = copy_of<std::int32_t>(env, from.get("values"), name);
  } else {
    input.features = copy_of<double>(env, from.get("values"), name);
  }
  return input;
}

GivenTarget read_target(Napi::Value value, const OutputOptions& output) {
  const Napi::Env env = value.Env();
  const std::string name = output.target_in_messages();
  GivenTarget target;
  switch (target_kind(output.loss.kind)) {
    case TargetKind::classes:
      target.classes = copy_of<std::int32_t>(env, value, name.c_str());
      break;
    case TargetKind::values:
      target.values = copy_of<double>(env, value, name.c_str());
      break;
    case TargetKind::labels: {
      const OptionReader from(value, name, name + ".");
      target.labels =
          copy_of<std::int32_t>(env, from.get("labels"), from.name_of("labels").c_str());
      target.label_lengths =
          copy_of<std::int32_t>(env, from.get("lengths"), from.name_of("lengths").c_str());
      break;
    }
  }
  return target;
}

/// Of a pass in training, or, of null, of inference.
DropoutMask read_mask(Napi::Value value, std::size_t streams) {
  if (value.IsNull()) return {};
  const OptionReader from(value, "dropout", "dropout.");
  const auto integer = [&](const char* key, std::uint64_t maximum) {
    return read_integer(value.Env(), from.get(key), from.name_of(key).c_str(), 0, maximum);
  };
  const std::uint64_t seed = integer("seed", max_safe_integer);
  // Any probability but 0: the layers have their own.
  return {seed, dropout_stream + integer("pass", max_extent) * streams, 0.5F};
}

void check_count(const char* name, std::size_t expected, std::size_t got) {
  if (got == expected) return;
  refuse_value(name, "an Array of " + std::to_string(expected),
               "an Array of " + std::to_string(got));
}

GraphReferenceCall read_call(Napi::Value value, const ModelOptions& options, const Graph& graph) {
  const OptionReader from(value, "call");
  GraphReferenceCall call;
  call.batch = from.size("batch");
  const std::vector<Napi::Value> inputs = from.list("inputs");
  check_count("inputs", options.names.inputs.size(), inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    call.inputs.push_back(
        read_input(inputs[i], options.names.inputs[i], options.graph.inputs[i].tokens));
  }
  const std::vector<Napi::Value> targets = from.list("targets");
  check_count("targets", options.graph.outputs.size(), targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    call.targets.push_back(read_target(targets[i], options.graph.outputs[i]));
  }
  call.mask = read_mask(from.get("dropout"), graph.dropout_streams());
  check(graph.check_shapes(call.shapes()));
  return call;
}

napi_value outputs_of(napi_env env, const GraphOptions& options, const ReferenceEdges& edges) {
  std::vector<napi_value> outputs;
  for (const OutputOptions& output : options.outputs) {
    outputs.push_back(float64_array(env, edges.at(output.layer).values));
  }
  return make_array(env, outputs);
}

napi_value gradients_of(napi_env env, const ReferenceGraphGradients& gradients) {
  std::vector<napi_value> outputs;
  for (const std::vector<double>& output : gradients.outputs) {
    outputs.push_back(float64_array(env, output));
  }
  return make_array(env, outputs);
}

}  // namespace

napi_value reference_graph(Arguments& arguments) {
  const Napi::Env env(arguments.env());
  const ModelOptions options = read_model_options(Napi::Value(env, arguments[0]));
  std::unique_ptr<Graph> graph;
  check(Graph::create(options.graph, graph));
  const GraphReferenceCall call = read_call(Napi::Value(env, arguments[2]), options, *graph);
  const std::span<const double> parameters =
      read_array<const double>(env, arguments[1], "parameters");

  // In an order in which the layers can be computed.
  const GraphOptions& ordered = graph->options();
  const std::vector<ReferenceBatch> inputs = call.batches();
  ReferenceEdges edges;
  check(reference_graph_forward(ordered, parameters, inputs, call.mask, edges));
  ReferenceGraphGradients gradients;
  check(reference_graph_gradients(ordered, parameters, inputs, call.expected(), call.mask,
                                  gradients));
  return make_object(env, {{"outputs", outputs_of(env, ordered, edges)},
                           {"loss", make_number(env, gradients.loss)},
                           {"dOutputs", gradients_of(env, gradients)},
                           {"dParameters", float64_array(env, gradients.parameters)}});
}

}  // namespace gru::binding
