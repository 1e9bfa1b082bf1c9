#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cuda/cuda_device.h"
#include "cuda/emulator/call.h"
#include "cuda/emulator/control.h"
#include "testing/chain_training.h"
#include "testing/device_testing.h"

/// What happens if the CUDA runtime fails: the status names the failure, nothing leaks, and the
/// process can continue.
namespace gru {
namespace {

using testing::chain;
using testing::ChainInput;
using testing::ChainOptions;
using testing::InputKind;
using testing::Random;

ChainOptions model_options() {
  ChainOptions options;
  options.input = InputKind::tokens;
  options.tokens = 7;
  options.output_size = 7;
  options.gru.input_size = 5;
  options.gru.hidden_size = 12;
  options.gru.num_layers = 2;
  options.gru.bidirectional = true;
  options.gru.dropout = 0.2F;
  return options;
}

struct Batch {
  std::vector<std::int32_t> tokens, classes, lengths;

  explicit Batch(Random& random)
      : tokens(random.classes(12, 7)), classes(random.classes(12, 7)), lengths{1, 4, 2} {}
  ChainInput input() const { return {{4, 3, lengths}, {}, tokens, nullptr}; }
};

/// One full run: it makes a device and a model, trains two steps and predicts.
Status live(const Batch& batch, std::vector<float>* parameters = nullptr) {
  std::unique_ptr<Device> device;
  GRU_RETURN_IF_ERROR(cuda::create_device({}, device));
  std::unique_ptr<Model> made;
  GRU_RETURN_IF_ERROR(Model::create(chain(model_options()), std::move(device), 1, made));
  const std::shared_ptr<Model> model = std::move(made);
  std::unique_ptr<Trainer> trainer;
  GRU_RETURN_IF_ERROR(Trainer::create(model, {{}, {1, 0.5}}, trainer));
  StepMetrics metrics;
  for (int step = 0; step < 2; ++step) {
    GRU_RETURN_IF_ERROR(testing::step(*trainer, batch.input(), {batch.classes, {}}, metrics));
  }
  std::vector<float> predictions(12 * 7);
  GRU_RETURN_IF_ERROR(testing::predict(*model, batch.input(), predictions));
  if (parameters == nullptr) return {};
  parameters->resize(model->layout().count());
  return model->read_parameters(*parameters);
}

void check_nothing_is_alive() {
  const emulator::Counts counts = emulator::counts();
  CHECK(counts.allocations == 0);
  CHECK(counts.host_allocations == 0);
  CHECK(counts.streams == 0);
  CHECK(counts.events == 0);
}

/// The parameters after a full run without failures.
std::vector<float> live_to_the_end(const Batch& batch) {
  std::vector<float> parameters;
  GRU_CHECK_OK(live(batch, &parameters));
  check_nothing_is_alive();
  return parameters;
}

TEST_CASE("any call may fail and leaves nothing") {
  emulator::reset();
  Random random;
  const Batch batch(random);
  const std::vector<float> expected = live_to_the_end(batch);
  unsigned failed = 0;
  for (unsigned n = 1;; n = n < 60 ? n + 1 : n + 17) {
    emulator::fail_call(nullptr, n, cudaErrorInvalidValue);
    const Status status = live(batch);
    emulator::reset();
    check_nothing_is_alive();
    if (status.is_ok()) break;
    ++failed;
    CHECK(status.code() == StatusCode::device);
    CHECK(status.message().find("cudaErrorInvalidValue") != std::string::npos);
    CHECK(status.message().rfind("cuda", 0) == 0);
  }
  CHECK(failed > 60);
  CHECK(testing::same_bits(live_to_the_end(batch), expected));
}

TEST_CASE("memory that runs out is a memory status") {
  emulator::reset();
  Random random;
  const Batch batch(random);
  for (unsigned n = 1; n <= 10; ++n) {
    emulator::fail_call("cudaMallocAsync", n, cudaErrorMemoryAllocation);
    GRU_CHECK_REFUSED(live(batch), StatusCode::memory, "free memory on the device");
    check_nothing_is_alive();
  }
  emulator::reset();
  GRU_CHECK_OK(live(batch));
}

TEST_CASE("a device without memory pools does the same") {
  emulator::reset();
  Random random;
  const Batch batch(random);
  const std::vector<float> expected = live_to_the_end(batch);
  emulator::Properties properties;
  properties.memory_pools = false;
  emulator::set_properties(properties);
  CHECK(testing::same_bits(live_to_the_end(batch), expected));
  emulator::fail_call("cudaMalloc", 3, cudaErrorMemoryAllocation);
  GRU_CHECK_REFUSED(live(batch), StatusCode::memory, "free memory on the device");
  emulator::reset();
  check_nothing_is_alive();
}

TEST_CASE("memory goes without waiting for other models' work") {
  emulator::reset();
  std::unique_ptr<Device> device, busy;
  GRU_CHECK_OK(cuda::create_device({}, device));
  GRU_CHECK_OK(cuda::create_device({}, busy));
  void* memory = nullptr;
  void* elsewhere = nullptr;
  GRU_CHECK_OK(device->allocate(12, memory));
  GRU_CHECK_OK(busy->allocate(12, elsewhere));
  const DeviceSpan<float> span(static_cast<float*>(elsewhere), 3);
  GRU_CHECK_OK(busy->fill(DeviceMatrix<float>(span, 3), 1));
  CHECK(emulator::counts().pending == 1);
  device->release(memory, 12);
  device.reset();
  CHECK(emulator::counts().pending == 1);
  std::vector<float> values(3);
  GRU_CHECK_OK(busy->download(values, DeviceSpan<const float>(span)));
  CHECK(values == std::vector<float>(3, 1));
  busy->release(elsewhere, 12);
  busy.reset();
  check_nothing_is_alive();
}

TEST_CASE("a steady state allocates nothing at all") {
  emulator::reset();
  Random random;
  const Batch batch(random);
  std::unique_ptr<Device> device;
  GRU_CHECK_OK(cuda::create_device({}, device));
  std::unique_ptr<Model> made;
  GRU_CHECK_OK(Model::create(chain(model_options()), std::move(device), 1, made));
  const std::shared_ptr<Model> model = std::move(made);
  std::unique_ptr<Trainer> trainer;
  GRU_CHECK_OK(Trainer::create(model, {{}, {1, 0.5}}, trainer));
  StepMetrics metrics;
  emulator::Counts warm;
  for (int step = 0; step < 4; ++step) {
    GRU_CHECK_OK(testing::step(*trainer, batch.input(), {batch.classes, {}}, metrics));
    if (step == 0) warm = emulator::counts();
  }
  const emulator::Counts counts = emulator::counts();
  CHECK(warm.mallocs > 0);
  CHECK(counts.mallocs == warm.mallocs);
  CHECK(counts.host_allocations == warm.host_allocations);
  CHECK(counts.events == warm.events);
  CHECK(counts.streams == 1);
  // A step copies only its two metrics to the host.
  CHECK(counts.copies_to_host - warm.copies_to_host == 3);
}

TEST_CASE("no driver and no device are told apart") {
  emulator::reset();
  std::vector<cuda::DeviceInfo> devices;
  GRU_CHECK_OK(cuda::list_devices(devices));
  REQUIRE(devices.size() == 2);
  REQUIRE(devices[0].memory > 0);
  CHECK(devices[0].multiprocessors == 4);
  std::unique_ptr<Device> device;
  GRU_CHECK_REFUSED(cuda::create_device({7, {}}, device), StatusCode::device, "cuda:7");
  // Not 0, which is the value of this ordinal as an int.
  GRU_CHECK_REFUSED(cuda::create_device({std::size_t{1} << 32, {}}, device), StatusCode::device,
                    "cuda:4294967296");
  emulator::set_driver_error(cudaErrorInsufficientDriver);
  GRU_CHECK_REFUSED(cuda::list_devices(devices), StatusCode::device, "newer NVIDIA driver");
  emulator::set_driver_error(cudaErrorNoDevice);
  GRU_CHECK_REFUSED(cuda::list_devices(devices), StatusCode::device, "no GPU");
  emulator::reset();
  emulator::remove_driver();
  GRU_CHECK_REFUSED(cuda::list_devices(devices), StatusCode::device, "there is no NVIDIA driver");
  GRU_CHECK_REFUSED(cuda::create_device({}, device), StatusCode::device,
                    "there is no NVIDIA driver");
  emulator::reset();
}

TEST_CASE("a GPU that is too old is refused") {
  emulator::reset();
  emulator::Properties properties;
  properties.compute_capability_major = 7;
  properties.compute_capability_minor = 0;
  emulator::set_properties(properties);
  std::unique_ptr<Device> device;
  GRU_CHECK_REFUSED(cuda::create_device({}, device), StatusCode::device,
                    "cuda:0: expected compute capability 7.5 or later, got 7.0; use device 'cpu'");
  properties.compute_capability_minor = 5;
  emulator::set_properties(properties);
  GRU_CHECK_OK(cuda::create_device({}, device));
  GRU_CHECK_REFUSED(cuda::create_device({0, cuda::Precision::tf32}, device), StatusCode::value,
                    "precision: expected 'float32' on cuda:0, whose compute capability 7.5 is "
                    "before 8.0, got 'tf32'");
  device.reset();
  emulator::reset();
}

/// A garbage collector may free a model on any thread.
TEST_CASE("weights are freed on their own device") {
  emulator::reset();
  std::unique_ptr<Device> device;
  GRU_CHECK_OK(cuda::create_device({1, {}}, device));
  void* memory = nullptr;
  GRU_CHECK_OK(device->allocate(48 * sizeof(float), memory));
  const auto part = [&](std::size_t first, std::size_t count) {
    return DeviceSpan<const float>(static_cast<const float*>(memory) + first, count);
  };
  std::unique_ptr<RecurrentWeights> weights;
  GRU_CHECK_OK(device->create_recurrent_weights({3, 2, {}}, weights));
  const std::size_t before = emulator::counts().allocations;
  const std::size_t held = device->held_bytes();
  GRU_CHECK_OK(device->load_recurrent_weights(
      *weights, {part(0, 18), part(18, 12), part(30, 6), part(36, 6)}));
  CHECK(emulator::counts().allocations > before);
  CHECK(device->held_bytes() > held);
  int current = -1;
  std::thread([&] {
    weights.reset();
    current = emulator::current_device();
  }).join();
  CHECK(current == 1);
  std::vector<float> values(1);
  GRU_CHECK_OK(device->download(values, part(0, 1)));
  CHECK(emulator::counts().allocations == before);
  CHECK(device->held_bytes() == held);
  device->release(memory, 48 * sizeof(float));
  CHECK(device->held_bytes() == held - 48 * sizeof(float));
}

TEST_CASE("an unknown tier is refused") {
  emulator::reset();
  setenv("GRU_NATIVE_CUDA_TIER", "fast", 1);
  std::unique_ptr<Device> device;
  GRU_CHECK_REFUSED(cuda::create_device({}, device), StatusCode::value,
                    "GRU_NATIVE_CUDA_TIER: expected 'resident', 'persistent' or 'stepwise', got "
                    "'fast'");
  unsetenv("GRU_NATIVE_CUDA_TIER");
}

/// This test is the last one: a lost device stays lost for the process, as with a GPU.
TEST_CASE("a lost device answers the same ever after and others work") {
  emulator::reset();
  Random random;
  const Batch batch(random);
  std::unique_ptr<Device> device;
  GRU_CHECK_OK(cuda::create_device({1, {}}, device));
  std::vector<float> values(3);
  void* memory = nullptr;
  GRU_CHECK_OK(device->allocate(12, memory));
  const DeviceSpan<float> span(static_cast<float*>(memory), 3);
  emulator::lose_device(1, cudaErrorIllegalAddress);
  for (int round = 0; round < 2; ++round) {
    GRU_CHECK_REFUSED(device->fill(DeviceMatrix<float>(span, 3), 1), StatusCode::device,
                      "lost cuda:1: cudaErrorIllegalAddress");
    GRU_CHECK_REFUSED(device->download(values, DeviceSpan<const float>(span)), StatusCode::device,
                      "restart");
  }
  std::unique_ptr<Device> another;
  GRU_CHECK_REFUSED(cuda::create_device({1, {}}, another), StatusCode::device, "lost cuda:1");
  device->release(memory, 12);
  device.reset();
  GRU_CHECK_OK(live(batch));
  check_nothing_is_alive();
}

}  // namespace
}  // namespace gru
