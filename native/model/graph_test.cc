#include "model/graph.h"

#include <cstdint>
#include <string>
#include <vector>

#include "base/size.h"
#include "testing/chain.h"
#include "testing/random_cases.h"

/// The result of a description: parameters, an order, or an error that names the invalid part.
namespace gru {
namespace {

using testing::chain;
using testing::ChainOptions;
using testing::InputKind;

struct Expected {
  std::string name;
  std::vector<std::size_t> shape;
};

/// The layout must hold these tensors, in this order, without gaps.
void check_specs(const ParameterLayout& layout, const std::vector<Expected>& expected) {
  CHECK(layout.specs().size() == expected.size());
  std::size_t offset = 0;
  for (std::size_t i = 0; i < layout.specs().size() && i < expected.size(); ++i) {
    const ParameterSpec& spec = layout.specs()[i];
    std::size_t count = 1;
    for (const std::size_t extent : expected[i].shape) count *= extent;
    const bool same = spec.name == expected[i].name && spec.shape == expected[i].shape &&
                      spec.offset == offset && spec.count == count;
    if (!same) FAIL_CHECK("expected ", expected[i].name, ", got ", spec.name);
    offset += count;
  }
  CHECK(layout.count() == offset);
}

ParameterLayout layout_of(const GraphOptions& options) {
  std::unique_ptr<Graph> graph;
  GRU_CHECK_OK(Graph::create(options, graph));
  return graph ? graph->layout() : ParameterLayout();
}

ChainOptions some_chain() {
  ChainOptions options;
  options.gru.input_size = 3;
  options.gru.hidden_size = 2;
  options.output_size = 7;
  options.tokens = 11;
  return options;
}

void check_stack(CellKind cell, std::size_t gates) {
  GraphOptions options = chain(some_chain());
  RecurrentOptions stack;
  stack.cell = cell;
  stack.hidden_size = 2;
  stack.num_layers = 2;
  stack.bidirectional = true;
  options.inputs[0].size = 5;
  options.layers = {{"memory", {"input"}, stack}};
  options.outputs = {{"memory", {LossKind::mean_squared_error}}};
  check_specs(layout_of(options), {{"memory.weight_ih_l0", {gates, 5}},
                                   {"memory.weight_hh_l0", {gates, 2}},
                                   {"memory.bias_ih_l0", {gates}},
                                   {"memory.bias_hh_l0", {gates}},
                                   {"memory.weight_ih_l0_reverse", {gates, 5}},
                                   {"memory.weight_hh_l0_reverse", {gates, 2}},
                                   {"memory.bias_ih_l0_reverse", {gates}},
                                   {"memory.bias_hh_l0_reverse", {gates}},
                                   {"memory.weight_ih_l1", {gates, 4}},
                                   {"memory.weight_hh_l1", {gates, 2}},
                                   {"memory.bias_ih_l1", {gates}},
                                   {"memory.bias_hh_l1", {gates}},
                                   {"memory.weight_ih_l1_reverse", {gates, 4}},
                                   {"memory.weight_hh_l1_reverse", {gates, 2}},
                                   {"memory.bias_ih_l1_reverse", {gates}},
                                   {"memory.bias_hh_l1_reverse", {gates}}});
}

TEST_CASE("a stack has PyTorch's tensors in PyTorch's order") {
  check_stack(CellKind::gru, 6);
  check_stack(CellKind::lstm, 8);
}

TEST_CASE("a chain has its embedding before the stack and its head behind") {
  ChainOptions options = some_chain();
  options.gru.bidirectional = true;
  options.gru.bias = false;
  std::vector<Expected> expected = {{"gru.weight_ih_l0", {6, 3}},
                                    {"gru.weight_hh_l0", {6, 2}},
                                    {"gru.weight_ih_l0_reverse", {6, 3}},
                                    {"gru.weight_hh_l0_reverse", {6, 2}},
                                    {"head.weight", {7, 4}},
                                    {"head.bias", {7}}};
  check_specs(layout_of(chain(options)), expected);
  options.input = InputKind::tokens;
  options.every = Every::last;
  expected.insert(expected.begin(), {"embedding.weight", {11, 3}});
  check_specs(layout_of(chain(options)), expected);
}

TEST_CASE("layers may stand in any order and are computed in one that works") {
  ChainOptions options = some_chain();
  options.input = InputKind::tokens;
  const GraphOptions forwards = chain(options);
  GraphOptions backwards = forwards;
  std::reverse(backwards.layers.begin(), backwards.layers.end());
  std::unique_ptr<Graph> graph;
  GRU_CHECK_OK(Graph::create(backwards, graph));
  for (std::size_t i = 0; i < forwards.layers.size(); ++i) {
    CHECK(graph->options().layers[i].name == forwards.layers[i].name);
  }
}

/// The description must be refused with a message that begins with `name` and contains `says`.
template <class Change>
void check_refused(const std::string& name, const std::string& says, Change&& change) {
  ChainOptions kinds = some_chain();
  kinds.input = InputKind::tokens;
  kinds.every = Every::last;
  GraphOptions options = chain(kinds);
  change(options);
  std::unique_ptr<Graph> graph;
  const Status status = Graph::create(options, graph);
  const bool refused = status.code() == StatusCode::value &&
                       status.message().starts_with(name + ": expected ") &&
                       status.message().find(says) != std::string::npos;
  if (!refused) {
    FAIL_CHECK("expected a failure at ", name, " that says '", says, "', got: ", status.message());
  }
  CHECK(graph == nullptr);
}

RecurrentOptions& stack_of(GraphOptions& options) {
  return std::get<RecurrentOptions>(options.layers[1].kind);
}

TEST_CASE("descriptions that make no sense are refused by name") {
  check_refused("inputs", "none", [](GraphOptions& o) { o.inputs.clear(); });
  check_refused("outputs", "none", [](GraphOptions& o) { o.outputs.clear(); });
  check_refused("outputs", "'tail'", [](GraphOptions& o) { o.outputs[0].layer = "tail"; });
  check_refused("outputs", "'input'", [](GraphOptions& o) { o.outputs[0].layer = "input"; });
  check_refused("outputs", "'head' twice",
                [](GraphOptions& o) { o.outputs.push_back(o.outputs[0]); });
  check_refused("layers.head", "'lost'", [](GraphOptions& o) { o.layers[3].inputs = {"lost"}; });
  check_refused("layers.gru", "cycle", [](GraphOptions& o) { o.layers[1].inputs = {"last"}; });
  check_refused("layers.head", "name of its own",
                [](GraphOptions& o) { o.layers.push_back(o.layers[3]); });
  check_refused("layers.input", "name of its own",
                [](GraphOptions& o) { o.layers[2].name = "input"; });
  check_refused("layers", "'a.b'", [](GraphOptions& o) { o.layers[0].name = "a.b"; });
  check_refused("inputs", "''", [](GraphOptions& o) { o.inputs[0].name = ""; });
  check_refused("layers.spare", "reads it", [](GraphOptions& o) {
    o.layers.push_back({"spare", {"gru"}, LinearOptions{3}});
  });
  check_refused("inputs.spare", "reads it", [](GraphOptions& o) {
    o.inputs.push_back({"spare", false, 3});
  });
}

TEST_CASE("layers refuse inputs that they cannot read") {
  check_refused("layers.gru.input", "tokens",
                [](GraphOptions& o) { o.layers[1].inputs = {"input"}; });
  check_refused("layers.embedding.input", "values",
                [](GraphOptions& o) { o.inputs[0].tokens = false; });
  check_refused("layers.head.input", "tokens",
                [](GraphOptions& o) { o.layers[3].inputs = {"input"}; });
  check_refused("layers.again.input", "one row for each sequence", [](GraphOptions& o) {
    o.layers.push_back({"again", {"last"}, stack_of(o)});
  });
}

/// Adds a layer 'it' of the given kind that reads `inputs`. They may be the chain's layers and its
/// input 'input' of tokens, the inputs 'values' [4] and 'others' [5] of features, or 'row', the
/// mean of 'values'.
template <class Kind>
void check_layer_refused(const std::string& name, const std::string& says, const Kind& kind,
                         const std::vector<std::string>& inputs) {
  check_refused(name, says, [&](GraphOptions& o) {
    o.inputs.push_back({"values", false, 4});
    o.inputs.push_back({"others", false, 5});
    o.layers.push_back({"row", {"values"}, SelectOptions{SelectStep::mean}});
    o.layers.push_back({"it", inputs, kind});
  });
}

TEST_CASE("each kind of layer refuses what it cannot read by name") {
  RecurrentOptions stack;
  stack.hidden_size = 5;
  const AttentionOptions attention;
  const std::string it = "layers.it";
  const std::string input = "input";
  check_layer_refused(it + ".input", "tokens", LinearOptions{3}, {input});
  check_layer_refused(it + ".input", "tokens", DropoutOptions{0.5F}, {input});
  check_layer_refused(it + ".input", "tokens", LayerNormOptions{}, {input});
  check_layer_refused(it + ".input", "tokens", SelectOptions{}, {input});
  check_layer_refused(it + ".inputs", "tokens", ConcatOptions{}, {"values", input});
  check_layer_refused(it + ".inputs", "tokens", AddOptions{}, {input, input});
  check_layer_refused(it + ".query", "tokens", attention, {input, "values"});
  check_layer_refused(it + ".memory", "tokens", attention, {"values", input});
  check_layer_refused(it + ".initialState", "tokens", stack, {"values", input});
  check_layer_refused(it + ".input", "one row for each sequence", SelectOptions{}, {"row"});
  check_layer_refused(it + ".input", "one row for each sequence", SelectOptions{SelectStep::mean},
                      {"last"});
  check_layer_refused(it + ".inputs", "a row for each step and one row for each sequence",
                      AddOptions{}, {"values", "row"});
  check_layer_refused(it + ".inputs", "one row for each sequence and a row for each step",
                      ConcatOptions{}, {"row", "values"});
  check_layer_refused(it + ".inputs", "4 and 5 values", AddOptions{}, {"values", "others"});
  check_layer_refused(it + ".memory", "one row for each sequence", attention, {"values", "row"});
  check_layer_refused(it + ".initialState", "a row for each step", stack, {"values", "others"});
  check_layer_refused(it + ".initialState", "= 5 values, got 4", stack, {"values", "row"});
}

TEST_CASE("each kind of layer refuses a wrong number of inputs") {
  const std::string it = "layers.it";
  RecurrentOptions stack;
  stack.hidden_size = 4;
  check_layer_refused(it, "1 input, got 0", LinearOptions{3}, {});
  check_layer_refused(it, "1 input, got 2", EmbeddingOptions{3}, {"input", "input"});
  check_layer_refused(it, "1 input, got 0", SelectOptions{}, {});
  check_layer_refused(it, "2 or more inputs, got 1", AddOptions{}, {"values"});
  check_layer_refused(it, "2 or more inputs, got 0", ConcatOptions{}, {});
  check_layer_refused(it, "2 inputs, got 3", AttentionOptions{}, {"values", "values", "values"});
  check_layer_refused(it, "1 to 2 inputs, got 3", stack, {"values", "row", "row"});
}

TEST_CASE("options of layers that are out of range are refused by name") {
  for (const float probability : {-0.1F, 1.0F, __builtin_nanf("")}) {
    check_layer_refused("layers.it.probability", "less than 1", DropoutOptions{probability},
                        {"values"});
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{SIZE_MAX}}) {
    check_layer_refused("layers.it.size", "from 1",
                        AttentionOptions{AttentionScore::additive, size}, {"values", "others"});
  }
}

TEST_CASE("attention, norm and activation have their tensors") {
  GraphOptions options;
  options.inputs = {{"x", false, 3}, {"y", false, 5}};
  options.layers = {{"a", {"x", "y"}, AttentionOptions{AttentionScore::additive, 7}},
                    {"s", {"a", "y"}, AttentionOptions{}},
                    {"norm", {"s"}, LayerNormOptions{}},
                    {"drop", {"norm"}, DropoutOptions{0.5F}},
                    {"head", {"drop"}, LinearOptions{2, Activation::relu}}};
  options.outputs = {{"head", {LossKind::mean_squared_error}}};
  check_specs(layout_of(options), {{"a.query.weight", {7, 3}},
                                   {"a.key.weight", {7, 5}},
                                   {"a.score.weight", {1, 7}},
                                   {"s.query.weight", {5, 5}},
                                   {"norm.weight", {5}},
                                   {"norm.bias", {5}},
                                   {"head.weight", {2, 5}},
                                   {"head.bias", {2}}});
}

TEST_CASE("zero and absurd sizes are refused by name") {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{SIZE_MAX / 2}, std::size_t{SIZE_MAX}}) {
    const auto head = [&](GraphOptions& o) { o.layers[3].kind = LinearOptions{size}; };
    const auto embedding = [&](GraphOptions& o) { o.layers[0].kind = EmbeddingOptions{size}; };
    check_refused("layers.gru.hiddenSize", "from 1",
                  [&](GraphOptions& o) { stack_of(o).hidden_size = size; });
    check_refused("layers.gru.numLayers", "from 1",
                  [&](GraphOptions& o) { stack_of(o).num_layers = size; });
    check_refused("inputs.input", "from 1", [&](GraphOptions& o) { o.inputs[0].size = size; });
    check_refused("layers.head.size", "from 1", head);
    check_refused("layers.embedding.size", "from 1", embedding);
  }
  check_refused("layers.gru.numLayers", "1024",
                [](GraphOptions& o) { stack_of(o).num_layers = 1025; });
  for (const float dropout : {-0.1F, 1.0F, __builtin_nanf("")}) {
    check_refused("layers.gru.dropout", "less than 1",
                  [&](GraphOptions& o) { stack_of(o).dropout = dropout; });
  }
}

TEST_CASE("products of sizes that overflow are refused by the tensor's name") {
  constexpr std::size_t large = std::size_t{1} << (max_elements_exponent / 2 + 4);
  check_refused("options", "gru.weight_hh_l0",
                [](GraphOptions& o) { stack_of(o).hidden_size = large; });
  check_refused("options", "embedding.weight", [](GraphOptions& o) {
    o.inputs[0].size = large;
    o.layers[0].kind = EmbeddingOptions{large};
  });
}

}  // namespace
}  // namespace gru
