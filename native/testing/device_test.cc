#include <vector>

#include "reference/layers.h"
#include "reference/optimizers.h"
#include "testing/device_testing.h"
#include "testing/host_memory_device.h"
#include "testing/test_device.h"

/// The device's operations except the recurrence, the products and the losses. Each is tested with
/// a size of one part and one of several parts, which threads share.
namespace gru {
namespace {

using testing::GuardedMatrix;
using testing::nan_float;
using testing::Random;
using testing::random_floats;
using testing::random_matrix;
using testing::same_bits;
using testing::to_doubles;
using testing::view;

template <class T>
DeviceSpan<T> span_of(std::vector<T>& values) {
  return {values.data(), values.size()};
}

/// The device, for operands in the tests' own memory.
std::unique_ptr<Device> host_device() { return testing::on_host_memory(testing::test_device()); }

struct Size {
  std::size_t rows, columns;
};
constexpr Size sizes[] = {{1, 1}, {7, 5}, {3000, 17}, {3, 40000}};

TEST_CASE("fill and copy keep to the matrix") {
  Random random;
  const auto device = host_device();
  for (const Size& size : sizes) {
    for (const std::size_t gap : {std::size_t{0}, std::size_t{4}}) {
      GuardedMatrix from = random_matrix(random, size.rows, size.columns);
      GuardedMatrix to(size.rows, size.columns, gap);
      GRU_CHECK_OK(device->copy(view(to), view(from)));
      CHECK(to.guards_hold());
      CHECK(same_bits(to.values(), from.values()));
      GRU_CHECK_OK(device->fill(view(to), 2.5F));
      CHECK(to.guards_hold());
      CHECK(to.values() == std::vector<float>(size.rows * size.columns, 2.5F));
    }
  }
}

TEST_CASE("gather rows takes the rows that the index names") {
  Random random;
  const auto device = host_device();
  for (const Size& size : sizes) {
    GuardedMatrix from = random_matrix(random, random.size(1, 50), size.columns);
    std::vector<std::int32_t> index = random.classes(size.rows, from.rows() + 1);
    for (std::int32_t& row : index) --row;  // -1: zeros
    GuardedMatrix to(size.rows, size.columns);
    GRU_CHECK_OK(device->gather_rows(view(to), view(from), span_of(index)));
    CHECK(to.guards_hold());
    for (std::size_t i = 0; i < size.rows; ++i) {
      const std::vector<float> zeros(size.columns);
      const float* expected =
          index[i] < 0 ? zeros.data() : &from.at(static_cast<std::size_t>(index[i]), 0);
      CHECK(same_bits({&to.at(i, 0), size.columns}, {expected, size.columns}));
    }
  }
}

TEST_CASE("gather rows takes integers likewise") {
  Random random;
  const auto device = host_device();
  for (const std::size_t count : {std::size_t{1}, std::size_t{9}, std::size_t{50000}}) {
    std::vector<std::int32_t> from = random.classes(30, 1000);
    std::vector<std::int32_t> index = random.classes(count, 31);
    std::vector<std::int32_t> expected;
    for (std::int32_t& row : index) {
      --row;
      expected.push_back(row < 0 ? 0 : from[static_cast<std::size_t>(row)]);
    }
    std::vector<std::int32_t> to(count, -7);
    GRU_CHECK_OK(device->gather_rows(span_of(to), DeviceSpan<const std::int32_t>(span_of(from)),
                                     span_of(index)));
    CHECK(to == expected);
  }
}

TEST_CASE("dropout scales by the mask of each row's number") {
  Random random;
  const auto device = host_device();
  for (const Size& size : sizes) {
    GuardedMatrix from = random_matrix(random, size.rows, size.columns);
    const DropoutMask mask{random.size(0, 1000), random.size(0, 9), 0.3F};
    std::vector<std::int32_t> number = random.classes(size.rows, 100000);
    for (const bool numbered : {false, true}) {
      GuardedMatrix to(size.rows, size.columns);
      GuardedMatrix in_place = from;
      const DeviceSpan<const std::int32_t> numbers =
          numbered ? span_of(number) : DeviceSpan<const std::int32_t>();
      GRU_CHECK_OK(device->dropout(view(to), view(from), mask, numbers));
      GRU_CHECK_OK(device->dropout(view(in_place), view(in_place), mask, numbers));
      CHECK(to.guards_hold());
      CHECK(same_bits(to.values(), in_place.values()));
      for (std::size_t index = 0; index < size.rows * size.columns; ++index) {
        const std::size_t i = index / size.columns;
        const std::size_t j = index % size.columns;
        const std::size_t row = numbered ? static_cast<std::size_t>(number[i]) : i;
        CHECK(to.at(i, j) == from.at(i, j) * mask.scale(row * size.columns + j));
      }
    }
  }
}

TEST_CASE("embedding backward sums the rows of each token") {
  Random random;
  const auto device = host_device();
  for (const Size& size : {Size{1, 1}, Size{9, 5}, Size{400, 300}}) {
    GuardedMatrix d_output = random_matrix(random, size.rows, size.columns);
    std::vector<std::int32_t> tokens = random.classes(size.rows, 13);
    GuardedMatrix table(20, size.columns);  // no token from 13 on occurs
    GRU_CHECK_OK(device->embedding_backward(view(table), span_of(tokens), view(d_output)));
    std::vector<double> expected;
    GRU_CHECK_OK(reference_embedding_backward(size.columns, 20, tokens,
                                              to_doubles(d_output.values()), expected));
    CHECK(table.guards_hold());
    GRU_CHECK_ALL_NEAR("table", to_doubles(table.values()), expected, 3e-5);
  }
}

TEST_CASE("column sums are sums") {
  Random random;
  const auto device = host_device();
  for (const Size& size : sizes) {
    GuardedMatrix from = random_matrix(random, size.rows, size.columns);
    std::vector<float> sums(size.columns, nan_float);
    GRU_CHECK_OK(device->column_sums(span_of(sums), view(from)));
    std::vector<double> expected(size.columns, 0.0);
    for (std::size_t i = 0; i < size.rows; ++i) {
      for (std::size_t j = 0; j < size.columns; ++j) {
        expected[j] += static_cast<double>(from.at(i, j));
      }
    }
    GRU_CHECK_ALL_NEAR("sums", to_doubles(sums), expected, 2e-4);
  }
}

/// The gradients after clip_norm with their own norm.
std::vector<float> clipped(std::vector<float> gradients, double limit, StepMetrics& metrics) {
  const auto device = host_device();
  const DeviceSpan<StepMetrics> result(&metrics, 1);
  GRU_CHECK_OK(device->gradient_norm(DeviceSpan<const float>(span_of(gradients)), result));
  GRU_CHECK_OK(device->clip_norm(span_of(gradients), result, limit));
  return gradients;
}

TEST_CASE("clip norm is PyTorch's formula") {
  Random random;
  for (const std::size_t count : {std::size_t{1}, std::size_t{100}, std::size_t{70000}}) {
    const std::vector<float> gradients = random_floats(random, count);
    const double norm = reference_gradient_norm(to_doubles(gradients));
    for (const double part : {0.1, 0.999999, 1.5}) {
      StepMetrics metrics{7, 0};
      const std::vector<float> got = clipped(gradients, part * norm, metrics);
      GRU_CHECK_NEAR(metrics.gradient_norm, norm, 1e-12 * norm);
      CHECK(metrics.loss == 7);
      std::vector<double> expected = to_doubles(gradients);
      reference_clip({part * norm, 0}, expected);
      GRU_CHECK_ALL_NEAR("gradients", to_doubles(got), expected, 1e-6);
      if (part > 1) CHECK(same_bits(got, gradients));
    }
  }
}

TEST_CASE("clip norm of NaN is NaN and of infinity leaves nothing") {
  StepMetrics metrics;
  for (const float value : clipped({1, nan_float, 2}, 1, metrics)) CHECK(std::isnan(value));
  CHECK(std::isnan(metrics.gradient_norm));
  // inf * 0 is NaN, as in PyTorch; the others become 0.
  const std::vector<float> got = clipped({1, testing::infinity, 2}, 1, metrics);
  CHECK(got[0] == 0);
  CHECK(std::isnan(got[1]));
  CHECK(got[2] == 0);
}

TEST_CASE("clip value bounds each gradient") {
  Random random;
  const auto device = host_device();
  std::vector<float> gradients = random_floats(random, 40000);
  gradients[123] = nan_float;
  const std::vector<float> before = gradients;
  GRU_CHECK_OK(device->clip_value(span_of(gradients), 0.5));
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const float expected = std::max(-0.5F, std::min(0.5F, before[i]));
    CHECK((i == 123 ? std::isnan(gradients[i]) : gradients[i] == expected));
  }
}

/// Five updates by every optimiser, with moments as trainers allocate them.
void check_optimizer(const OptimizerOptions& options, std::size_t count, Random& random) {
  const auto device = host_device();
  std::vector<float> parameters = random_floats(random, count);
  std::vector<double> expected = to_doubles(parameters);
  const bool adam = options.kind == OptimizerKind::adam || options.kind == OptimizerKind::adamw;
  std::vector<float> first(adam || options.momentum != 0 ? count : 0);
  std::vector<float> second(options.kind == OptimizerKind::sgd ? 0 : count);
  ReferenceOptimizerState state;
  for (std::uint64_t step = 1; step <= 5; ++step) {
    std::vector<float> gradients = random_floats(random, count);
    GRU_CHECK_OK(reference_update(options, to_doubles(gradients), state, expected));
    OptimizerUpdate update;
    update.options = options;
    update.step = step;
    update.parameters = span_of(parameters);
    update.gradients = span_of(gradients);
    update.first_moment = span_of(first);
    update.second_moment = span_of(second);
    GRU_CHECK_OK(device->optimizer_update(update));
  }
  GRU_CHECK_ALL_NEAR("parameters", to_doubles(parameters), expected, 3e-6);
}

TEST_CASE("optimizers update as the reference does") {
  Random random;
  for (const OptimizerKind kind :
       {OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::rmsprop}) {
    for (const double momentum : {0.0, 0.9}) {
      for (const double weight_decay : {0.0, 0.1}) {
        OptimizerOptions options;
        options.kind = kind;
        options.learning_rate = 0.02;
        options.momentum = momentum;
        options.weight_decay = weight_decay;
        options.epsilon = 1e-2;  // far above the rounding of a gradient that is nearly 0
        check_optimizer(options, random.size(1, 50), random);
        check_optimizer(options, 20000, random);
      }
    }
  }
}

TEST_CASE("lerp goes a part of the way") {
  Random random;
  const auto device = host_device();
  for (const std::size_t count : {random.size(1, 50), std::size_t{70000}}) {
    for (const double weight : {0.0, 0.001, 0.3, 1.0}) {
      std::vector<float> to = random_floats(random, count);
      std::vector<float> from = random_floats(random, count);
      from[0] = to[0];
      const std::vector<float> before = to;
      GRU_CHECK_OK(device->lerp(span_of(to), DeviceSpan<const float>(span_of(from)), weight));
      std::vector<double> expected = to_doubles(before);
      for (std::size_t i = 0; i < count; ++i) {
        expected[i] += weight * (static_cast<double>(from[i]) - expected[i]);
      }
      CHECK(to[0] == before[0]);
      GRU_CHECK_ALL_NEAR("values", to_doubles(to), expected, 1e-6);
      if (weight == 0) CHECK(same_bits(to, before));
    }
  }
}

}  // namespace
}  // namespace gru
