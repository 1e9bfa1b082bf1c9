#include <cmath>
#include <string>
#include <vector>

#include "reference/attention.h"
#include "reference/layers.h"
#include "testing/random_graphs.h"

/// The layers of the reference's graph: values computed by hand, and gradients by finite
/// differences.
namespace gru {
namespace {

using testing::GraphExample;
using testing::Random;

TEST_CASE("activations have the values computed by hand") {
  std::vector<double> values = {-2, 0, 3};
  reference_activate(Activation::relu, values);
  GRU_CHECK_ALL_NEAR("relu", values, (std::vector<double>{0, 0, 3}), 0);
  values = {0, std::log(2.0)};
  reference_activate(Activation::tanh, values);
  GRU_CHECK_ALL_NEAR("tanh", values, (std::vector<double>{0, 0.6}), 1e-15);
  values = {0, std::log(3.0)};
  reference_activate(Activation::sigmoid, values);
  GRU_CHECK_ALL_NEAR("sigmoid", values, (std::vector<double>{0.5, 0.75}), 1e-15);
  std::vector<double> gradient = {5, 5, 5};
  reference_activate_backward(Activation::relu, std::vector<double>{0, 1, 2}, gradient);
  GRU_CHECK_ALL_NEAR("gradient of relu", gradient, (std::vector<double>{0, 5, 5}), 0);
}

TEST_CASE("a layer norm has the values computed by hand") {
  // Mean 2 and variance 1, to which 1e-5 is added.
  const double one = 1 / std::sqrt(1 + 1e-5);
  const std::vector<double> output = reference_layer_norm_forward(
      std::vector<double>{10, 100}, std::vector<double>{1, 2}, std::vector<double>{1, 3, 4, 2});
  GRU_CHECK_ALL_NEAR(
      "output", output,
      (std::vector<double>{1 - 10 * one, 2 + 100 * one, 1 + 10 * one, 2 - 100 * one}), 1e-13);
}

TEST_CASE("attention weighs by the softmax of the scores") {
  // E = 4, so that the scale is 1/2: the scores are 0 and log 3, and the weights 1/4 and 3/4.
  const std::vector<double> memory = {0, 1, 2, 3, 2, 5, 6, 7};
  const std::vector<double> to_query = {std::log(3.0), 0, 0, 0};  // [4, 1]
  const ReferenceAttentionSizes product{AttentionScore::scaled_dot_product, 1, 4, 0};
  const std::vector<double> expected = {1.5, 4, 5, 6};
  GRU_CHECK_ALL_NEAR("product",
                     reference_attention_forward(product, to_query, std::vector<double>{1}, memory),
                     expected, 1e-14);
  // tanh(0) = 0 and tanh(2 x) = 0.6 with x = log(2) / 2; the score's weight makes it log 3.
  const double x = std::log(2.0) / 2;
  const std::vector<double> parameters = {0, x, 0, 0, 0, std::log(3.0) / 0.6};
  const ReferenceAttentionSizes additive{AttentionScore::additive, 1, 4, 1};
  GRU_CHECK_ALL_NEAR(
      "additive", reference_attention_forward(additive, parameters, std::vector<double>{1}, memory),
      expected, 1e-14);
  GRU_CHECK_ALL_NEAR("no memory",
                     reference_attention_forward(additive, parameters, std::vector<double>{1}, {}),
                     (std::vector<double>{0, 0, 0, 0}), 0);
}

/// Checks the loss's gradient with respect to all parameters, also of those before the layer.
void check_gradients(const std::string& what, GraphExample example, Random& random) {
  example.mask = {random.size(0, 1000), 3, 0.5F};
  const std::vector<double> gradient = example.gradients().parameters;
  GRU_CHECK_GRADIENT(what, example.parameters, gradient, [&] { return example.gradients().loss; });
}

/// A graph that has `layers` in the middle. Before them are two linear layers that learn, 'a' and
/// 'b' of 6 values, on inputs with different lengths. After them is a head that reads 'it'.
GraphExample around(const std::vector<LayerOptions>& layers, Random& random) {
  GraphExample example;
  example.batch = 4;
  example.options.inputs = {{"x", false, 3}, {"y", false, 2}};
  example.options.layers = {{"a", {"x"}, LinearOptions{6}}, {"b", {"y"}, LinearOptions{6}}};
  example.options.layers.insert(example.options.layers.end(), layers.begin(), layers.end());
  example.options.layers.push_back({"head", {"it"}, LinearOptions{2}});
  example.options.outputs = {{"head", {LossKind::mean_squared_error}}};
  example.data.resize(2);
  example.data[0].steps = 3;
  example.data[1].steps = 4;
  testing::fill(example, random, {{3, 0, 2, 1}, {1, 2, 0, 4}}, 0.7);
  return example;
}

TEST_CASE("gradients of each kind of layer agree with finite differences") {
  Random random;
  RecurrentOptions stack;
  stack.hidden_size = 3;
  stack.bidirectional = true;
  const LayerOptions end{"end", {"b"}, SelectOptions{SelectStep::last}};
  const auto check = [&](const std::string& what, const std::vector<LayerOptions>& layers) {
    check_gradients(what, around(layers, random), random);
  };
  check("tanh", {{"it", {"a"}, LinearOptions{4, Activation::tanh}}});
  check("sigmoid", {{"it", {"a"}, LinearOptions{4, Activation::sigmoid}}});
  check("dropout", {{"it", {"a"}, DropoutOptions{0.4F}}});
  check("dropout of rows", {end, {"it", {"end"}, DropoutOptions{0.4F}}});
  check("layer norm", {{"it", {"a"}, LayerNormOptions{}}});
  check("concat", {{"more", {"a"}, LinearOptions{2}}, {"it", {"a", "more", "a"}, ConcatOptions{}}});
  check("add", {{"more", {"a"}, LinearOptions{6}}, {"it", {"a", "more", "a"}, AddOptions{}}});
  check("last", {{"it", {"a"}, SelectOptions{SelectStep::last}}});
  check("mean", {{"it", {"a"}, SelectOptions{SelectStep::mean}}});
  check("final state", {{"stack", {"a"}, stack}, {"it", {"stack"}, SelectOptions{}}});
  check("mean of a stack",
        {{"stack", {"a"}, stack}, {"it", {"stack"}, SelectOptions{SelectStep::mean}}});
  check("initial state", {end, {"it", {"a", "end"}, stack}});
  for (const AttentionScore score :
       {AttentionScore::additive, AttentionScore::scaled_dot_product}) {
    check("attention", {{"it", {"a", "b"}, AttentionOptions{score, 4}}});
    check("attention to itself", {{"it", {"a", "a"}, AttentionOptions{score, 4}}});
    check("attention of a row", {end, {"it", {"end", "a"}, AttentionOptions{score, 4}}});
  }
}

TEST_CASE("gradients of random graphs agree with finite differences") {
  Random random;
  for (int round = 0; round < 6; ++round) {
    check_gradients("graph", testing::random_graph(random, {3, 3, 3, false}), random);
  }
}

}  // namespace
}  // namespace gru
