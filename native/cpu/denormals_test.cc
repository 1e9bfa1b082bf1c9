#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
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

std::ptrdiff_t denormals_in(const std::vector<float>& values) {
  return std::ranges::count_if(values, [](float v) { return std::fpclassify(v) == FP_SUBNORMAL; });
}

TEST_CASE("moments whose gradients stay 0 do not stay denormal") {
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
    CHECK(denormals_in(first) == 0);
    CHECK(denormals_in(second) == 0);
  }
}

}  // namespace
}  // namespace gru
