#pragma once

#include <string>
#include <vector>

#include "reference/graph.h"
#include "testing/device_testing.h"

/// Whole random graphs, with a batch for all their inputs and targets for their outputs.
namespace gru::testing {

struct GraphInput {
  std::size_t steps = 1;
  std::vector<std::int32_t> lengths;
  std::vector<double> features;  ///< [T, B, size]
  std::vector<std::int32_t> tokens;
};

struct GraphTarget {
  std::vector<std::int32_t> classes;
  std::vector<double> values;
};

struct GraphExample {
  GraphOptions options;
  std::size_t batch = 1;
  std::vector<GraphInput> data;       ///< of each input
  std::vector<GraphTarget> expected;  ///< of each output
  std::vector<double> parameters;
  DropoutMask mask;

  std::vector<ReferenceBatch> inputs() const {
    std::vector<ReferenceBatch> batches;
    for (const GraphInput& input : data) {
      batches.push_back({input.steps, batch, input.features, input.tokens, input.lengths});
    }
    return batches;
  }
  std::vector<ReferenceTarget> targets() const {
    std::vector<ReferenceTarget> all;
    for (const GraphTarget& target : expected) all.push_back({target.classes, target.values});
    return all;
  }
  ReferenceEdges edges() const {
    ReferenceEdges made;
    GRU_CHECK_OK(reference_graph_forward(options, parameters, inputs(), mask, made));
    return made;
  }
  ReferenceGraphGradients gradients() const {
    ReferenceGraphGradients made;
    GRU_CHECK_OK(reference_graph_gradients(options, parameters, inputs(), targets(), mask, made));
    return made;
  }
};

/// The number of random streams that one training pass of the graph uses.
inline std::size_t streams_of(const GraphOptions& options) {
  std::size_t streams = 0;
  for (const LayerOptions& layer : options.layers) {
    if (const auto* stack = std::get_if<RecurrentOptions>(&layer.kind))
      streams += stack->num_layers;
    if (std::holds_alternative<DropoutOptions>(layer.kind)) ++streams;
  }
  return streams;
}

/// Draws parameters, inputs and targets. `lengths` has the lengths of each input; an empty list is
/// dense.
inline void fill(GraphExample& example, Random& random,
                 const std::vector<std::vector<std::int32_t>>& lengths, double scale) {
  example.data.resize(example.options.inputs.size());
  for (std::size_t i = 0; i < example.data.size(); ++i) {
    const InputOptions& options = example.options.inputs[i];
    GraphInput& input = example.data[i];
    input.lengths = lengths[i];
    const std::size_t rows = input.steps * example.batch;
    if (options.tokens) {
      input.tokens = random.classes(rows, options.size);
    } else {
      input.features = random.values(rows * options.size);
    }
  }
  const std::size_t count = reference_graph_parameter_count(example.options);
  example.parameters = random.values(count, scale);
  ReferenceEdges edges = example.edges();
  example.expected.clear();
  for (const OutputOptions& output : example.options.outputs) {
    const ReferenceEdge& edge = edges[output.layer];
    const std::size_t rows = edge.values.size() / edge.width;
    GraphTarget& target = example.expected.emplace_back();
    if (output.loss.kind == LossKind::cross_entropy) {
      target.classes = random.classes(rows, edge.width);
    } else {
      target.values = random.values(rows * edge.width);
      if (output.loss.ignore_missing) drop_some(random, target.values);
    }
  }
}

/// The rows of sequence b among [..., batch, width].
template <class T>
std::vector<T> rows_of_sequence(const std::vector<T>& values, std::size_t width, std::size_t batch,
                                std::size_t b) {
  std::vector<T> rows;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i / width % batch == b) rows.push_back(values[i]);
  }
  return rows;
}

/// Sequence b of the example alone.
inline GraphExample sequence_of(const GraphExample& example, std::size_t b) {
  GraphExample alone = example;
  alone.batch = 1;
  for (std::size_t i = 0; i < alone.data.size(); ++i) {
    GraphInput& input = alone.data[i];
    const std::size_t width = example.options.inputs[i].size;
    input.features = rows_of_sequence(input.features, width, example.batch, b);
    input.tokens = rows_of_sequence(input.tokens, 1, example.batch, b);
    input.lengths = rows_of_sequence(input.lengths, 1, example.batch, b);
  }
  const ReferenceEdges edges = example.edges();
  for (std::size_t i = 0; i < alone.expected.size(); ++i) {
    GraphTarget& target = alone.expected[i];
    const std::size_t width = edges.at(example.options.outputs[i].layer).width;
    target.classes = rows_of_sequence(target.classes, 1, example.batch, b);
    target.values = rows_of_sequence(target.values, width, example.batch, b);
  }
  return alone;
}

/// The optional parts of a random graph.
struct GraphKinds {
  std::size_t largest_batch = 7;
  std::size_t largest_steps = 6;
  std::size_t largest_size = 20;
  bool relu = true;  ///< finite differences must not cross its kink
};

/// Draws a graph, one piece after another. The names in it are those of the pieces.
class GraphDrawer {
 public:
  GraphDrawer(Random& random, const GraphKinds& kinds) : random_(random), kinds_(kinds) {}

  /// An encoder and an output of each kind. Optional are attention, initial states, a decoder that
  /// reads two joined inputs, and residual layers, norms and masks between the layers.
  GraphOptions draw() {
    const std::string source = values_of(input("source"));
    const std::string states = recurrent("encoder", {source});
    const std::string encoder = maybe_between(states, encoder_.output_size());
    std::vector<std::string> decoder_inputs{decoder_input()};
    if (coin(random_)) decoder_inputs.push_back(bridge(select("encoded", encoder)));
    const std::string decoder = recurrent("decoder", decoder_inputs);
    const std::string context = attention(decoder, encoder);
    const std::string both = add("both", {decoder, context}, ConcatOptions{});
    const std::size_t width = size();
    const std::string combined =
        maybe_between(residual(linear("combine", both, width), width), width);
    output(linear("head", combined, size()));
    output(linear("kind", select("summary", combined), size()));
    if (coin(random_)) output(select("ends", encoder));
    options_.batch_first = coin(random_);
    return options_;
  }

 private:
  static constexpr std::size_t smallest_norm = 8;

  std::size_t size() { return random_.size(1, kinds_.largest_size); }

  std::string input(const std::string& name) {
    options_.inputs.push_back({name, coin(random_), random_.size(1, 9)});
    return name;
  }
  std::string add(const std::string& name, std::vector<std::string> inputs, LayerKind kind) {
    options_.layers.push_back({name, std::move(inputs), std::move(kind)});
    return name;
  }
  /// The values of the last input that was drawn.
  std::string values_of(const std::string& name) {
    if (!options_.inputs.back().tokens) return name;
    return add(name + "Vector", {name}, EmbeddingOptions{size()});
  }
  std::string linear(const std::string& name, const std::string& from, std::size_t width) {
    constexpr Activation all[] = {Activation::none, Activation::tanh, Activation::sigmoid,
                                  Activation::relu};
    return add(name, {from}, LinearOptions{width, all[random_.size(0, kinds_.relu ? 3 : 2)]});
  }
  std::string recurrent(const std::string& name, std::vector<std::string> inputs) {
    RecurrentOptions& stack = name == "decoder" ? decoder_ : encoder_;
    if (stack.hidden_size == 0) stack = random_stack();
    return add(name, std::move(inputs), stack);
  }
  RecurrentOptions random_stack() {
    RecurrentOptions stack;
    stack.hidden_size = size();
    stack.num_layers = random_.size(1, 2);
    stack.bidirectional = coin(random_);
    stack.dropout = coin(random_) ? 0.3F : 0;
    return stack;
  }
  std::string decoder_input() {
    const std::string first = values_of(input("target"));
    if (coin(random_)) return first;
    const std::string second = values_of(input("beside"));
    return add("joined", {first, second, first}, ConcatOptions{});
  }
  std::string select(const std::string& name, const std::string& from) {
    return add(name, {from}, SelectOptions{coin(random_) ? SelectStep::last : SelectStep::mean});
  }
  std::string bridge(const std::string& from) {
    decoder_ = random_stack();
    return linear("bridge", from, decoder_.num_layers * decoder_.output_size());
  }
  std::string maybe_between(const std::string& from, std::size_t width) {
    std::string last = from;
    if (coin(random_)) last = add(from + "Masked", {last}, DropoutOptions{0.3F});
    // A norm enlarges the rounding errors of values that are nearly equal. It reads the values of a
    // linear layer, which the random bias keeps apart, and enough of them.
    if (width >= smallest_norm && coin(random_)) {
      const LinearOptions spread{width, Activation::none};
      last = add(from + "Spread", {last}, spread);
      last = add(from + "Normed", {last}, LayerNormOptions{});
    }
    return last;
  }
  std::string residual(const std::string& from, std::size_t width) {
    return coin(random_) ? from : add("sum", {from, linear("wide", from, width)}, AddOptions{});
  }
  std::string attention(const std::string& query, const std::string& memory) {
    AttentionOptions options;
    options.score = coin(random_) ? AttentionScore::additive : AttentionScore::scaled_dot_product;
    options.size = options.score == AttentionScore::additive ? size() : 0;
    return add("attention", {query, memory}, options);
  }
  void output(const std::string& layer) {
    LossOptions loss{coin(random_) ? LossKind::cross_entropy : LossKind::mean_squared_error};
    loss.ignore_missing = coin(random_);
    options_.outputs.push_back({layer, loss});
  }

  Random& random_;
  GraphKinds kinds_;
  GraphOptions options_;
  RecurrentOptions encoder_, decoder_;
};

/// A random graph with a random batch. Source and target have different lengths.
inline GraphExample random_graph(Random& random, const GraphKinds& kinds = {}) {
  GraphExample example;
  example.options = GraphDrawer(random, kinds).draw();
  example.batch = random.size(1, kinds.largest_batch);
  example.data.resize(example.options.inputs.size());
  std::vector<std::vector<std::int32_t>> lengths;
  for (std::size_t i = 0; i < example.data.size(); ++i) {
    if (i == 2) {  // joined with the input before
      example.data[2].steps = example.data[1].steps;
      lengths.push_back(lengths[1]);
      continue;
    }
    example.data[i].steps = random.size(1, kinds.largest_steps);
    // With one sequence a length of zero would leave no valid step.
    const bool ragged = example.batch > 1 && coin(random);
    lengths.push_back(ragged ? random.lengths(example.batch, example.data[i].steps)
                             : std::vector<std::int32_t>());
  }
  fill(example, random, lengths, 0.25);
  return example;
}

}  // namespace gru::testing
