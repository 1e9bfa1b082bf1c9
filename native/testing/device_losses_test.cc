#include <vector>

#include "reference/losses.h"
#include "testing/device_testing.h"
#include "testing/host_memory_device.h"
#include "testing/test_device.h"

/// The losses and their gradients, for matrices with and without gaps between their rows.
namespace gru {
namespace {

using testing::GuardedMatrix;
using testing::Random;
using testing::random_floats;
using testing::same_bits;
using testing::to_doubles;
using testing::view;

struct Size {
  std::size_t rows, columns;
};
/// One part and several; rows that are narrower than a part, and wider.
constexpr Size sizes[] = {{1, 1}, {9, 5}, {900, 19}, {3, 20000}};

/// Between the rows of each matrix.
struct Gaps {
  std::size_t predictions, targets, gradient;
};
constexpr Gaps every_gap[] = {{0, 0, 0}, {2, 0, 0}, {0, 3, 0}, {0, 0, 1}, {5, 3, 4}};

GuardedMatrix matrix_of(const std::vector<float>& values, const Size& size, std::size_t gap) {
  GuardedMatrix matrix(size.rows, size.columns, gap);
  matrix.assign(values);
  return matrix;
}

/// A loss with its gradient, which goes to `gradient`, and without it by another schedule: both
/// agree with the reference.
template <class Call>
void check_loss(GuardedMatrix& gradient, const ReferenceLoss& expected, double bound,
                const Call& call) {
  StepMetrics metrics{-1, 4};
  const DeviceSpan<StepMetrics> result(&metrics, 1);
  testing::set_schedule(1);
  GRU_CHECK_OK(call(view(gradient), result));
  GRU_CHECK_NEAR(metrics.loss, expected.loss, 1e-6 * std::max(1.0, expected.loss));
  GRU_CHECK(metrics.gradient_norm == 4);
  GRU_CHECK_ALL_NEAR("gradient", to_doubles(gradient.values()), expected.gradient, bound);
  GRU_CHECK(gradient.guards_hold());
  testing::set_schedule(3);
  StepMetrics again;
  GRU_CHECK_OK(call(DeviceMatrix<float>(), DeviceSpan<StepMetrics>(&again, 1)));
  GRU_CHECK(again.loss == metrics.loss);
}

GRU_TEST(cross_entropy_is_the_references_mean) {
  Random random;
  const auto device = testing::on_host_memory(testing::test_device());
  for (const Size& size : sizes) {
    const std::vector<float> values = random_floats(random, size.rows * size.columns, 2);
    std::vector<std::int32_t> classes = random.classes(size.rows, size.columns);
    ReferenceLoss expected;
    GRU_CHECK_OK(reference_cross_entropy({size.rows, size.columns, {}}, to_doubles(values), classes,
                                         expected));
    for (const Gaps& gaps : every_gap) {
      GuardedMatrix logits = matrix_of(values, size, gaps.predictions);
      GuardedMatrix gradient(size.rows, size.columns, gaps.gradient);
      const DeviceSpan<const std::int32_t> targets(classes.data(), classes.size());
      check_loss(gradient, expected, 1e-5 / static_cast<double>(size.rows),
                 [&](DeviceMatrix<float> d_logits, DeviceSpan<StepMetrics> metrics) {
                   return device->cross_entropy(view(logits), targets, d_logits, metrics);
                 });
    }
  }
}

GRU_TEST(mean_squared_error_is_the_references_mean) {
  Random random;
  const auto device = testing::on_host_memory(testing::test_device());
  for (const Size& size : sizes) {
    const std::vector<float> values = random_floats(random, size.rows * size.columns, 2);
    const std::vector<float> wanted = random_floats(random, size.rows * size.columns);
    ReferenceLoss expected;
    GRU_CHECK_OK(reference_mean_squared_error({size.rows, size.columns, {}}, to_doubles(values),
                                              to_doubles(wanted), expected));
    for (const Gaps& gaps : every_gap) {
      GuardedMatrix predictions = matrix_of(values, size, gaps.predictions);
      GuardedMatrix targets = matrix_of(wanted, size, gaps.targets);
      GuardedMatrix gradient(size.rows, size.columns, gaps.gradient);
      check_loss(gradient, expected, 1e-5 / static_cast<double>(values.size()),
                 [&](DeviceMatrix<float> d_values, DeviceSpan<StepMetrics> metrics) {
                   return device->mean_squared_error(view(predictions), view(targets), d_values,
                                                     metrics);
                 });
    }
  }
}

}  // namespace
}  // namespace gru

GRU_TEST_MAIN
