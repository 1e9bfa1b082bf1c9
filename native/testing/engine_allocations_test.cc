#include <memory>
#include <vector>

#include "testing/engine_testing.h"
#include "testing/forwarding_device.h"
#include "train/trainer.h"

/// Device memory is allocated once and reused: in a steady state no call allocates.
namespace gru {
namespace {

using testing::Random;
using testing::random_floats;

/// Counts what is allocated and released.
class CountingDevice final : public testing::ForwardingDevice {
 public:
  struct Counts {
    int allocated = 0;
    int released = 0;
  };

  CountingDevice(std::unique_ptr<Device> device, Counts& counts)
      : ForwardingDevice(std::move(device)), counts_(counts) {}

  Status allocate(std::size_t bytes, void*& memory) override {
    ++counts_.allocated;
    return ForwardingDevice::allocate(bytes, memory);
  }
  void release(void* memory) noexcept override {
    ++counts_.released;
    ForwardingDevice::release(memory);
  }
  /// As on a GPU: then every staging buffer is used, too.
  bool shares_host_memory() const noexcept override { return false; }

 private:
  Counts& counts_;
};

ModelOptions model_options(InputKind input, LossKind loss, Every every) {
  ModelOptions options;
  options.input = input;
  options.tokens = 9;
  options.loss = loss;
  options.every = every;
  options.output_size = 5;
  options.gru.input_size = 6;
  options.gru.hidden_size = 20;
  options.gru.num_layers = 2;
  options.gru.bidirectional = true;
  options.gru.dropout = 0.2F;
  return options;
}

/// One step, one evaluation and one prediction with a batch of the shape given.
void train_once(Model& model, Trainer& trainer, const BatchShape& shape, Random& random) {
  const ModelOptions& options = model.options();
  const std::size_t inputs = shape.steps * shape.batch;
  const std::size_t rows = options.every == Every::step ? inputs : shape.batch;
  const std::vector<float> features = random_floats(random, inputs * options.gru.input_size);
  const std::vector<std::int32_t> tokens = random.classes(inputs, options.tokens);
  const std::vector<float> values = random_floats(random, rows * options.output_size);
  const std::vector<std::int32_t> classes = random.classes(rows, options.output_size);
  const bool reads_tokens = options.input == InputKind::tokens;
  ModelInput input{shape, {}, {}, nullptr};
  if (reads_tokens) {
    input.tokens = tokens;
  } else {
    input.features = features;
  }
  ModelTarget target;
  if (options.loss == LossKind::cross_entropy) {
    target.classes = classes;
  } else {
    target.values = values;
  }
  StepMetrics metrics;
  GRU_CHECK_OK(trainer.step(input, target, metrics));
  GRU_CHECK(metrics.loss > 0 && metrics.gradient_norm > 0);
  GRU_CHECK_OK(trainer.evaluate(input, target, metrics));
  std::vector<float> predictions(rows * options.output_size);
  GRU_CHECK_OK(model.predict(input, predictions));
}

void check_steady_state(const ModelOptions& options, Random& random) {
  CountingDevice::Counts counts;
  {
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(Model::create(
        options, std::make_unique<CountingDevice>(testing::test_device(), counts), 1, made));
    const std::shared_ptr<Model> model = std::move(made);
    std::unique_ptr<Trainer> trainer;
    GRU_CHECK_OK(Trainer::create(model, {}, {1, 0.5}, trainer));
    // The largest of each kind of batch first: dense, and ragged and out of order.
    const std::vector<std::int32_t> lengths = {8, 8, 0, 8, 8, 8};
    train_once(*model, *trainer, {8, 6, {}}, random);
    train_once(*model, *trainer, {8, 6, lengths}, random);
    const int warm = counts.allocated;
    GRU_CHECK(warm > 0);
    for (int round = 0; round < 3; ++round) {
      const std::size_t steps = random.size(1, 8);
      const std::size_t batch = random.size(2, 6);
      const std::vector<std::int32_t> some = random.lengths(batch, steps);
      train_once(*model, *trainer, {8, 6, {}}, random);
      train_once(*model, *trainer, {8, 6, lengths}, random);
      train_once(*model, *trainer, {steps, batch, {}}, random);
      train_once(*model, *trainer, {steps, batch, some}, random);
    }
    GRU_CHECK(counts.allocated == warm);
  }
  GRU_CHECK(counts.released == counts.allocated);
}

GRU_TEST(training_in_a_steady_state_allocates_no_device_memory) {
  Random random;
  for (const InputKind input : {InputKind::features, InputKind::tokens}) {
    for (const LossKind loss : {LossKind::cross_entropy, LossKind::mean_squared_error}) {
      for (const Every every : {Every::step, Every::last}) {
        check_steady_state(model_options(input, loss, every), random);
      }
    }
  }
}

/// Calls run(layer, shape) for a dense and a ragged batch of 3 steps and 4 sequences, again and
/// again: all that is allocated is allocated the first time, and released in the end.
template <class Run>
void check_steady_layer(const GruOptions& options, const Run& run) {
  const std::vector<std::int32_t> lengths = {2, 3, 0, 1};
  CountingDevice::Counts counts;
  {
    std::unique_ptr<GruLayer> layer;
    GRU_CHECK_OK(GruLayer::create(
        options, std::make_unique<CountingDevice>(testing::test_device(), counts), 1, layer));
    int warm = 0;
    for (int round = 0; round < 4; ++round) {
      run(*layer, BatchShape{3, 4, {}});
      run(*layer, BatchShape{3, 4, lengths});
      if (round == 0) warm = counts.allocated;
    }
    GRU_CHECK(warm > 0 && counts.allocated == warm);
  }
  GRU_CHECK(counts.released == counts.allocated);
}

GRU_TEST(passes_and_their_gradients_in_a_steady_state_allocate_no_device_memory) {
  Random random;
  const GruOptions options = model_options({}, {}, {}).gru;
  const std::vector<float> input = random_floats(random, 12 * options.input_size);
  std::vector<float> d_input(input.size());
  std::vector<float> output(12 * options.output_size());
  std::vector<float> state(16 * options.hidden_size);
  std::vector<float> d_state(state.size());
  check_steady_layer(options, [&](GruLayer& layer, const BatchShape& shape) {
    std::vector<float> parameters(layer.layout().count());
    const GruGradientCall gradients{output, state, d_input, d_state, parameters, nullptr};
    std::unique_ptr<GruPass> pass;
    GRU_CHECK_OK(layer.forward_training({shape, input, {}, output, state, nullptr}, pass));
    GRU_CHECK_OK(layer.backward(*pass, gradients));
    GRU_CHECK(layer.backward(*pass, gradients).code() == StatusCode::value);
  });
}

GRU_TEST(inference_in_a_steady_state_allocates_no_device_memory) {
  Random random;
  const GruOptions options = model_options({}, {}, {}).gru;
  const std::vector<float> input = random_floats(random, 12 * options.input_size);
  const std::vector<float> initial = random_floats(random, 16 * options.hidden_size);
  std::vector<float> output(12 * options.output_size());
  std::vector<float> state(initial.size());
  check_steady_layer(options, [&](GruLayer& layer, const BatchShape& shape) {
    GRU_CHECK_OK(layer.forward({shape, input, initial, output, state, nullptr}));
  });
}

}  // namespace
}  // namespace gru

GRU_TEST_MAIN
