#include "reference/losses.h"

#include <cmath>
#include <limits>
#include <vector>

#include "testing/random_cases.h"

namespace gru {
namespace {

using testing::Random;

const double ln3 = std::log(3.0);

/// Some rows valid and some not, at least one valid.
std::vector<std::uint8_t> random_validity(Random& random, std::size_t rows) {
  std::vector<std::uint8_t> valid(rows);
  for (std::uint8_t& row : valid) row = static_cast<std::uint8_t>(random.size(0, 1));
  valid[random.size(0, rows - 1)] = 1;
  return valid;
}

GRU_TEST(cross_entropy_has_the_values_computed_by_hand) {
  // softmax(0, ln 3) = (1/4, 3/4)
  const std::vector<double> logits = {0, ln3, 0, ln3};
  const std::vector<std::int32_t> targets = {1, 0};
  ReferenceLoss result;
  GRU_CHECK_OK(reference_cross_entropy({2, 2, {}}, logits, targets, result));
  GRU_CHECK_NEAR(result.loss, (std::log(4.0 / 3) + std::log(4.0)) / 2, 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, (std::vector<double>{.125, -.125, -.375, .375}),
                     1e-15);
}

GRU_TEST(mean_squared_error_has_the_values_computed_by_hand) {
  const std::vector<double> predictions = {1, 2, 3, 4};
  const std::vector<double> targets = {0, 2, 3, 7};
  ReferenceLoss result;
  GRU_CHECK_OK(reference_mean_squared_error({2, 2, {}}, predictions, targets, result));
  GRU_CHECK_NEAR(result.loss, 10.0 / 4, 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, (std::vector<double>{.5, 0, 0, -1.5}), 1e-15);
}

GRU_TEST(rows_that_do_not_count_do_not_count) {
  // whatever they hold: a target out of range, a prediction that is no number
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> predictions = {0, ln3, nan, nan};
  const std::vector<std::uint8_t> first_only = {1, 0};
  ReferenceLoss result;
  GRU_CHECK_OK(reference_cross_entropy({2, 2, first_only}, predictions,
                                       std::vector<std::int32_t>{1, -9}, result));
  GRU_CHECK_NEAR(result.loss, std::log(4.0 / 3), 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, (std::vector<double>{.25, -.25, 0, 0}), 1e-15);

  GRU_CHECK_OK(reference_mean_squared_error({2, 2, first_only}, predictions,
                                            std::vector<double>{2, ln3, nan, 0}, result));
  GRU_CHECK_NEAR(result.loss, 2.0, 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, (std::vector<double>{-2, 0, 0, 0}), 1e-15);

  const std::vector<std::uint8_t> none = {0, 0};
  GRU_CHECK_OK(
      reference_cross_entropy({2, 2, none}, predictions, std::vector<std::int32_t>{1, 1}, result));
  GRU_CHECK_NEAR(result.loss, 0.0, 0);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, std::vector<double>(4, 0.0), 0);
}

GRU_TEST(cross_entropy_does_not_overflow) {
  ReferenceLoss result;
  GRU_CHECK_OK(reference_cross_entropy({1, 3, {}}, std::vector<double>{1e4, -1e4, 1e4 + ln3},
                                       std::vector<std::int32_t>{0}, result));
  GRU_CHECK_NEAR(result.loss, std::log(4.0), 1e-11);
}

GRU_TEST(gradients_agree_with_finite_differences) {
  Random random;
  for (int round = 0; round < 20; ++round) {
    const std::size_t count = random.size(1, 6);
    const std::size_t size = random.odd_size();
    const std::vector<std::uint8_t> valid = random_validity(random, count);
    const ReferenceRows rows{count, size, valid};
    std::vector<double> predictions = random.values(count * size);
    const std::vector<std::int32_t> classes = random.classes(count, size);
    const std::vector<double> values = random.values(count * size);

    ReferenceLoss result;
    GRU_CHECK_OK(reference_cross_entropy(rows, predictions, classes, result));
    GRU_CHECK_GRADIENT("cross entropy", predictions, result.gradient, [&] {
      ReferenceLoss moved;
      GRU_CHECK_OK(reference_cross_entropy(rows, predictions, classes, moved));
      return moved.loss;
    });
    GRU_CHECK_OK(reference_mean_squared_error(rows, predictions, values, result));
    GRU_CHECK_GRADIENT("mean squared error", predictions, result.gradient, [&] {
      ReferenceLoss moved;
      GRU_CHECK_OK(reference_mean_squared_error(rows, predictions, values, moved));
      return moved.loss;
    });
  }
}

GRU_TEST(wrong_sizes_and_classes_are_refused_by_name) {
  const std::vector<double> four(4);
  ReferenceLoss result;
  GRU_CHECK_REFUSED(
      reference_cross_entropy({2, 3, {}}, four, std::vector<std::int32_t>{0, 0}, result),
      StatusCode::shape, "predictions: expected rows*size = 6 values, got 4 values");
  GRU_CHECK_REFUSED(reference_cross_entropy({2, 2, {}}, four, std::vector<std::int32_t>{0}, result),
                    StatusCode::shape, "target: ");
  GRU_CHECK_REFUSED(
      reference_cross_entropy({2, 2, {}}, four, std::vector<std::int32_t>{0, 2}, result),
      StatusCode::value, "target: expected classes from 0 to less than 2, got 2 in row 1");
  GRU_CHECK_REFUSED(
      reference_cross_entropy({2, 2, {}}, four, std::vector<std::int32_t>{0, -1}, result),
      StatusCode::value, "target: ");
  GRU_CHECK_REFUSED(reference_mean_squared_error({2, 2, {}}, four, std::vector<double>(3), result),
                    StatusCode::shape, "target: ");
  GRU_CHECK_REFUSED(
      reference_mean_squared_error({2, 2, std::vector<std::uint8_t>(3)}, four, four, result),
      StatusCode::shape, "valid: ");
}

}  // namespace
}  // namespace gru

GRU_TEST_MAIN
