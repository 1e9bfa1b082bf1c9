#include "layer_call.h"

#include <algorithm>
#include <chrono>

#include "cpu/cpu_device.h"

namespace gru::probe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int calls_per_sample = 1000;
constexpr std::uint64_t seed = 1;

}  // namespace

Status LayerCall::create(std::size_t steps, std::size_t input_size, std::size_t hidden_size,
                         std::unique_ptr<LayerCall>& call) {
  std::unique_ptr<LayerCall> made(new LayerCall(steps, input_size, hidden_size));
  RecurrentOptions options;
  options.input_size = input_size;
  options.hidden_size = hidden_size;
  std::unique_ptr<Device> device;
  GRU_RETURN_IF_ERROR(cpu::create_device(device));
  GRU_RETURN_IF_ERROR(RecurrentModule::create(options, std::move(device), seed, made->layer_));
  call = std::move(made);
  return {};
}

LayerCall::LayerCall(std::size_t steps, std::size_t input_size, std::size_t hidden_size)
    : steps_(steps),
      input_(steps * input_size, 0.5F),
      initial_state_(hidden_size, 0.5F),
      output_(steps * hidden_size),
      state_(hidden_size) {}

Status LayerCall::measure(double seconds, double& seconds_per_call) {
  RecurrentCall call;
  call.shape = {.steps = steps_, .batch = 1, .lengths = {}};
  call.input = input_;
  call.initial_state = initial_state_;
  call.output = output_;
  call.state = state_;
  std::vector<double> samples;
  const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                   std::chrono::duration<double>(seconds));
  do {
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < calls_per_sample; ++i) GRU_RETURN_IF_ERROR(layer_->forward(call));
    const std::chrono::duration<double> elapsed = Clock::now() - start;
    samples.push_back(elapsed.count() / calls_per_sample);
  } while (Clock::now() < end);
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  seconds_per_call = *middle;
  return {};
}

}  // namespace gru::probe
