#include "binding/graph_options.h"

#include <algorithm>
#include <memory>

#include "binding/loss_reader.h"
#include "binding/option_reader.h"
#include "binding/options.h"
#include "binding/results.h"
#include "binding/targets.h"
#include "model/graph.h"

namespace gru::binding {

namespace {

/// A type of layer: its name in a description, and the function that reads its options.
struct LayerType {
  const char* name;
  LayerKind (*read)(const OptionReader& from);
};

LayerKind read_embedding(const OptionReader& from) { return EmbeddingOptions{from.size("size")}; }

LayerKind read_gru(const OptionReader& from) { return read_gru_stack(from); }

LayerKind read_lstm(const OptionReader& from) { return read_lstm_stack(from); }

LayerKind read_linear(const OptionReader& from) {
  return LinearOptions{from.size("size"),
                       from.choice<Activation>("activation", {{"none", Activation::none},
                                                              {"relu", Activation::relu},
                                                              {"tanh", Activation::tanh},
                                                              {"sigmoid", Activation::sigmoid}})};
}

LayerKind read_dropout(const OptionReader& from) {
  return DropoutOptions{static_cast<float>(from.fraction("probability"))};
}

LayerKind read_layer_norm(const OptionReader&) { return LayerNormOptions{}; }

LayerKind read_concat(const OptionReader&) { return ConcatOptions{}; }

LayerKind read_add(const OptionReader&) { return AddOptions{}; }

LayerKind read_select(const OptionReader& from) {
  return SelectOptions{
      from.choice<SelectStep>("step", {{"last", SelectStep::last}, {"mean", SelectStep::mean}})};
}

LayerKind read_attention(const OptionReader& from) {
  AttentionOptions options;
  options.score = from.choice<AttentionScore>(
      "score", {{"additive", AttentionScore::additive},
                {"scaledDotProduct", AttentionScore::scaled_dot_product}});
  if (options.score == AttentionScore::additive) options.size = from.size("size");
  return options;
}

/// Every type of layer that there is.
constexpr LayerType layer_types[] = {
    {"embedding", read_embedding}, {"gru", read_gru},         {"lstm", read_lstm},
    {"linear", read_linear},       {"dropout", read_dropout}, {"layerNorm", read_layer_norm},
    {"concat", read_concat},       {"add", read_add},         {"select", read_select},
    {"attention", read_attention},
};

const LayerType& read_type(const OptionReader& from) {
  const std::string type = from.text("type");
  std::string expected;
  for (const LayerType& known : layer_types) {
    if (type == known.name) return known;
    expected += (expected.empty() ? "one of \"" : ", \"") + std::string(known.name) + '"';
  }
  refuse_value(from.name_of("type"), expected, '"' + type + '"');
}

std::string entry_name(const char* list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

void read_input(Napi::Value value, ModelOptions& options) {
  const std::string entry = entry_name("inputs", options.graph.inputs.size());
  const OptionReader from(value, entry, entry + ".");
  InputOptions input;
  input.name = from.text("name");
  input.tokens = from.boolean("tokens");
  input.size = from.size("size");
  input.argument = from.text("argument");
  options.names.inputs.push_back({input.argument, from.text("lengths")});
  options.graph.inputs.push_back(std::move(input));
}

void read_layer(Napi::Value value, ModelOptions& options) {
  const std::string entry = entry_name("layers", options.graph.layers.size());
  const std::string name = OptionReader(value, entry, entry + ".").text("name");
  const OptionReader from(value, entry, "layers." + name + ".");
  const LayerType& type = read_type(from);
  LayerOptions layer{name, from.texts("inputs"), type.read(from)};
  options.layer_types.push_back(type.name);
  options.graph.layers.push_back(std::move(layer));
}

void read_output(Napi::Value value, ModelOptions& options) {
  const std::string entry = entry_name("outputs", options.graph.outputs.size());
  const OptionReader from(value, entry, entry + ".");
  OutputOptions output;
  output.layer = from.text("layer");
  output.argument = from.text("argument");
  output.target = from.text("target");
  const OptionReader named(value, output.argument, output.argument + ".");
  output.loss = read_loss(named.get("loss"), named.name_of("loss"));
  output.weight = named.number("weight");
  options.names.predictions.push_back(from.text("output"));
  options.graph.outputs.push_back(std::move(output));
}

// The description of a graph that was made.

napi_value make_size(napi_env env, std::size_t size) {
  return make_number(env, static_cast<double>(size));
}

napi_value make_every(napi_env env, Every every) {
  return make_string(env, every == Every::step ? "step" : "last");
}

napi_value make_texts(napi_env env, const std::vector<std::string>& texts) {
  std::vector<napi_value> elements;
  for (const std::string& text : texts) elements.push_back(make_string(env, text));
  return make_array(env, elements);
}

/// The names of a layer's tensors begin with the layer's name.
std::size_t parameters_of(const ParameterLayout& layout, const std::string& layer) {
  std::size_t count = 0;
  for (const ParameterSpec& spec : layout.specs()) {
    if (spec.name.starts_with(layer + ".")) count += spec.count;
  }
  return count;
}

const char* type_of(const ModelOptions& options, const std::string& layer) {
  const auto& layers = options.graph.layers;
  const auto found = std::ranges::find(layers, layer, &LayerOptions::name);
  return options.layer_types[static_cast<std::size_t>(found - layers.begin())];
}

napi_value describe_inputs(napi_env env, const Graph& graph) {
  std::vector<napi_value> inputs;
  for (std::size_t i = 0; i < graph.options().inputs.size(); ++i) {
    inputs.push_back(make_object(env, {{"group", make_size(env, graph.input_shape(i).group)}}));
  }
  return make_array(env, inputs);
}

napi_value describe_layers(napi_env env, const ModelOptions& options, const Graph& graph) {
  std::vector<napi_value> layers;
  for (const LayerOptions& layer : graph.options().layers) {
    const EdgeShape& shape = graph.layer_shape(layers.size());
    layers.push_back(make_object(
        env, {{"name", make_string(env, layer.name)},
              {"type", make_string(env, type_of(options, layer.name))},
              {"inputs", make_texts(env, layer.inputs)},
              {"width", make_size(env, shape.width)},
              {"every", make_every(env, shape.every)},
              {"parameterCount", make_size(env, parameters_of(graph.layout(), layer.name))}}));
  }
  return make_array(env, layers);
}

napi_value describe_outputs(napi_env env, const Graph& graph) {
  std::vector<napi_value> outputs;
  for (std::size_t i = 0; i < graph.options().outputs.size(); ++i) {
    const EdgeShape& shape = graph.output_shape(i);
    outputs.push_back(make_object(env, {{"width", make_size(env, shape.width)},
                                        {"every", make_every(env, shape.every)},
                                        {"group", make_size(env, shape.group)},
                                        {"target", describe_target(env, graph, i)}}));
  }
  return make_array(env, outputs);
}

napi_value describe_states(napi_env env, const Graph& graph) {
  std::vector<napi_value> states;
  for (const GraphState& state : graph.states()) {
    const char* kind = state.shape.kind == StateKind::cell ? "cell" : "state";
    states.push_back(
        make_object(env, {{"layer", make_string(env, graph.options().layers[state.layer].name)},
                          {"kind", make_string(env, kind)},
                          {"size", make_size(env, state.shape.blocks * state.shape.width)}}));
  }
  return make_array(env, states);
}

}  // namespace

ModelOptions read_model_options(Napi::Value value) {
  const OptionReader from(value, "options");
  ModelOptions options;
  for (const Napi::Value& input : from.list("inputs")) read_input(input, options);
  for (const Napi::Value& layer : from.list("layers")) read_layer(layer, options);
  for (const Napi::Value& output : from.list("outputs")) read_output(output, options);
  options.graph.batch_first = from.boolean("batchFirst");
  return options;
}

napi_value describe_graph(Arguments& arguments) {
  const napi_env env = arguments.env();
  const ModelOptions options = read_model_options(Napi::Value(env, arguments[0]));
  std::unique_ptr<Graph> graph;
  check(Graph::create(options.graph, graph));
  return make_object(env, {{"inputs", describe_inputs(env, *graph)},
                           {"layers", describe_layers(env, options, *graph)},
                           {"outputs", describe_outputs(env, *graph)},
                           {"states", describe_states(env, *graph)},
                           {"parameters", parameter_specs(env, graph->layout())}});
}

}  // namespace gru::binding
