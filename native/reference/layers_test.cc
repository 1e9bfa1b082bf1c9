#include "reference/layers.h"

#include <vector>

#include "testing/random_cases.h"

namespace gru {
namespace {

using testing::Random;

TEST_CASE("linear has the values computed by hand") {
  const std::vector<double> weight = {1, 2, 3, 4, 5, 6};  // [2, 3]
  const std::vector<double> bias = {10, 20};
  const std::vector<double> input = {1, 0, -1, 0, 2, 0};  // [2, 3]
  std::vector<double> output;
  GRU_CHECK_OK(reference_linear_forward({2, 3, 2}, weight, bias, input, output));
  GRU_CHECK_ALL_NEAR("output", output, (std::vector<double>{8, 18, 14, 30}), 0);
}

TEST_CASE("linear gradients agree with finite differences") {
  Random random;
  for (int round = 0; round < 20; ++round) {
    const ReferenceLinearSizes sizes{random.odd_size(), random.odd_size(), random.odd_size()};
    std::vector<double> weight = random.values(sizes.output_size * sizes.input_size);
    std::vector<double> bias = random.values(sizes.output_size);
    std::vector<double> input = random.values(sizes.rows * sizes.input_size);
    const std::vector<double> d_output = random.values(sizes.rows * sizes.output_size);
    ReferenceLinearGradients gradients;
    GRU_CHECK_OK(reference_linear_backward(sizes, weight, input, d_output, gradients));
    const auto loss = [&] {
      std::vector<double> output;
      GRU_CHECK_OK(reference_linear_forward(sizes, weight, bias, input, output));
      return testing::dot(output, d_output);
    };
    GRU_CHECK_GRADIENT("weight", weight, gradients.weight, loss);
    GRU_CHECK_GRADIENT("bias", bias, gradients.bias, loss);
    GRU_CHECK_GRADIENT("input", input, gradients.input, loss);
  }
}

TEST_CASE("embedding looks its rows up") {
  const std::vector<double> weight = {1, 2, 3, 4, 5, 6};  // [3, 2]
  std::vector<double> output;
  GRU_CHECK_OK(reference_embedding_forward(2, weight, std::vector<std::int32_t>{2, 0, 2}, output));
  GRU_CHECK_ALL_NEAR("output", output, (std::vector<double>{5, 6, 1, 2, 5, 6}), 0);
}

TEST_CASE("embedding gradients agree with finite differences") {
  Random random;
  for (int round = 0; round < 20; ++round) {
    const std::size_t vocabulary = random.odd_size();
    const std::size_t size = random.odd_size();
    const std::vector<std::int32_t> tokens = random.classes(random.size(1, 8), vocabulary);
    std::vector<double> weight = random.values(vocabulary * size);
    const std::vector<double> d_output = random.values(tokens.size() * size);
    std::vector<double> d_weight;
    GRU_CHECK_OK(reference_embedding_backward(size, vocabulary, tokens, d_output, d_weight));
    GRU_CHECK_GRADIENT("weight", weight, d_weight, [&] {
      std::vector<double> output;
      GRU_CHECK_OK(reference_embedding_forward(size, weight, tokens, output));
      return testing::dot(output, d_output);
    });
  }
}

TEST_CASE("wrong sizes and tokens are refused by name") {
  const std::vector<double> six(6);
  const std::vector<double> two(2);
  std::vector<double> output;
  GRU_CHECK_REFUSED(reference_linear_forward({2, 3, 2}, two, two, six, output), StatusCode::shape,
                    "weight: expected outputSize*inputSize = 6 values, got 2 values");
  GRU_CHECK_REFUSED(reference_linear_forward({2, 3, 2}, six, six, six, output), StatusCode::shape,
                    "bias: ");
  GRU_CHECK_REFUSED(reference_linear_forward({2, 3, 2}, six, two, two, output), StatusCode::shape,
                    "input: ");
  ReferenceLinearGradients gradients;
  GRU_CHECK_REFUSED(reference_linear_backward({2, 3, 2}, six, six, six, gradients),
                    StatusCode::shape, "dOutput: ");

  for (const std::int32_t token : {-1, 3}) {
    const std::vector<std::int32_t> tokens = {0, token};
    GRU_CHECK_REFUSED(reference_embedding_forward(2, six, tokens, output), StatusCode::value,
                      "tokens: expected integers from 0 to less than 3");
    GRU_CHECK_REFUSED(reference_embedding_backward(1, 3, tokens, two, output), StatusCode::value,
                      "tokens: ");
  }
  GRU_CHECK_REFUSED(reference_embedding_backward(2, 3, std::vector<std::int32_t>{0}, six, output),
                    StatusCode::shape, "dOutput: ");
}

}  // namespace
}  // namespace gru
