#include "cpu/products/linear_weights.h"

#include <memory>
#include <vector>

#include "cpu/cpu_device.h"
#include "testing/chain_training.h"
#include "testing/device_testing.h"

/// When a linear layer's weight is packed, and how long its copy is held. What it computes is
/// tested for every device, in testing/device_gemm_test.cc.
namespace gru::cpu {
namespace {

using testing::GuardedMatrix;
using testing::Random;
using testing::random_floats;
using testing::random_matrix;
using testing::same_bits;
using testing::view;

constexpr std::size_t width = 40;
constexpr std::size_t size = 500;
constexpr std::size_t weight_bytes = width * size * sizeof(float);

std::vector<float> forward(CpuLinearWeights& weights, GuardedMatrix& input) {
  GuardedMatrix output(input.rows(), size);
  GRU_CHECK_OK(weights.forward({view(input), {}, view(output)}));
  return output.values();
}

TEST_CASE("a weight is packed once after a load, when it is first needed") {
  Random random;
  GuardedMatrix input = random_matrix(random, 2, width);
  GuardedMatrix weight = random_matrix(random, size, width);
  HeldBytes held{0};
  {
    CpuLinearWeights weights(held);
    weights.load(view(weight));
    CHECK(held == 0);
    const std::vector<float> first = forward(weights, input);
    const std::size_t packed = held;
    CHECK(packed >= weight_bytes);

    weight.assign(random_floats(random, width * size));
    CHECK(same_bits(forward(weights, input), first));
    weights.load(view(weight));
    CHECK_FALSE(same_bits(forward(weights, input), first));
    CHECK(held == packed);
  }
  CHECK(held == 0);
}

TEST_CASE("a model packs its head's weight for predictions, not for training") {
  Random random;
  testing::ChainOptions options;
  options.gru.input_size = 3;
  options.gru.hidden_size = width;
  options.output_size = size;
  std::unique_ptr<Device> device;
  GRU_CHECK_OK(create_device(device));
  std::unique_ptr<Model> made;
  GRU_CHECK_OK(Model::create(testing::chain(options), std::move(device), 1, made));
  const std::shared_ptr<Model> model = std::move(made);
  std::unique_ptr<Trainer> trainer;
  GRU_CHECK_OK(Trainer::create(model, {}, trainer));

  const std::vector<float> features = random_floats(random, options.gru.input_size);
  const std::vector<std::int32_t> classes = random.classes(1, size);
  const testing::ChainInput input{{1, 1, {}}, features, {}, nullptr};
  std::vector<float> predictions(size);
  const auto step = [&] {
    StepMetrics metrics;
    GRU_CHECK_OK(testing::step(*trainer, input, {classes, {}}, metrics));
    return model->held_bytes();
  };
  const auto predict = [&] {
    GRU_CHECK_OK(testing::predict(*model, input, predictions));
    return model->held_bytes();
  };
  const std::size_t trained = step();
  const std::size_t predicted = predict();
  // A prediction's own activations are far smaller.
  CHECK(predicted >= trained + weight_bytes);
  CHECK(predicted < trained + 2 * weight_bytes);
  CHECK(step() == predicted);
  CHECK(predict() == predicted);
}

}  // namespace
}  // namespace gru::cpu
