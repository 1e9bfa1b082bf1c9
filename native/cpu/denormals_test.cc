#include <doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "cpu/cpu_device.h"
#include "testing/host_memory_device.h"
#include "testing/random_cases.h"

/// Operations on denormals take many times as long as those on other numbers.

namespace gru {
namespace {

std::unique_ptr<Device> cpu_device() {
  std::unique_ptr<Device> device;
  GRU_CHECK_OK(cpu::create_device(device));
  return testing::on_host_memory(std::move(device));
}

template <class T>
DeviceSpan<T> span_of(std::vector<T>& values) {
  return {values.data(), values.size()};
}

TEST_CASE("moments whose gradients stay 0 become 0") {
  const auto device = cpu_device();
  for (const OptimizerKind kind :
       {OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::rmsprop}) {
    CAPTURE(static_cast<int>(kind));
    // A little above the smallest normal number.
    std::vector<float> first(100, 2e-38F);
    std::vector<float> second(kind == OptimizerKind::sgd ? 0 : 100, 2e-38F);
    std::vector<float> parameters(100, 1.0F);
    std::vector<float> gradients(100, 0.0F);
    OptimizerUpdate update;
    update.options.kind = kind;
    update.options.momentum = 0.9;
    update.parameters = span_of(parameters);
    update.gradients = span_of(gradients);
    update.first_moment = span_of(first);
    update.second_moment = span_of(second);
    for (update.step = 1; update.step <= 1000; ++update.step) {
      GRU_CHECK_OK(device->optimizer_update(update));
    }
    CHECK(std::ranges::count(first, 0.0F) == 100);
    CHECK(std::ranges::count(second, 0.0F) == static_cast<std::ptrdiff_t>(second.size()));
  }
}

}  // namespace
}  // namespace gru
