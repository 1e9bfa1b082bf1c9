#include "reference/losses.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "testing/random_cases.h"

namespace gru {
namespace {

using testing::Random;

const double ln3 = std::log(3.0);

Status cross_entropy(const ReferenceRows& rows, std::span<const double> logits,
                     std::span<const std::int32_t> classes, ReferenceLoss& result) {
  return reference_loss({LossKind::cross_entropy}, rows, logits, {classes}, result);
}

Status mean_squared_error(const ReferenceRows& rows, std::span<const double> predictions,
                          std::span<const double> values, ReferenceLoss& result) {
  return reference_loss({LossKind::mean_squared_error}, rows, predictions, {{}, values}, result);
}

/// Some rows valid and some not, at least one valid.
std::vector<std::uint8_t> random_validity(Random& random, std::size_t rows) {
  std::vector<std::uint8_t> valid(rows);
  for (std::uint8_t& row : valid) row = static_cast<std::uint8_t>(random.size(0, 1));
  valid[random.size(0, rows - 1)] = 1;
  return valid;
}

TEST_CASE("cross entropy has the values computed by hand") {
  // softmax(0, ln 3) = (1/4, 3/4)
  const std::vector<double> logits = {0, ln3, 0, ln3};
  const std::vector<std::int32_t> targets = {1, 0};
  ReferenceLoss result;
  GRU_CHECK_OK(cross_entropy({2, 2, {}}, logits, targets, result));
  GRU_CHECK_NEAR(result.loss, (std::log(4.0 / 3) + std::log(4.0)) / 2, 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, (std::vector<double>{.125, -.125, -.375, .375}),
                     1e-15);
}

TEST_CASE("mean squared error has the values computed by hand") {
  const std::vector<double> predictions = {1, 2, 3, 4};
  const std::vector<double> targets = {0, 2, 3, 7};
  ReferenceLoss result;
  GRU_CHECK_OK(mean_squared_error({2, 2, {}}, predictions, targets, result));
  GRU_CHECK_NEAR(result.loss, 10.0 / 4, 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, (std::vector<double>{.5, 0, 0, -1.5}), 1e-15);
}

TEST_CASE("rows that do not count do not count") {
  // Rows that are not valid may hold anything: a target out of range, a prediction that is NaN
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> predictions = {0, ln3, nan, nan};
  const std::vector<std::uint8_t> first_only = {1, 0};
  ReferenceLoss result;
  GRU_CHECK_OK(
      cross_entropy({2, 2, first_only}, predictions, std::vector<std::int32_t>{1, -9}, result));
  GRU_CHECK_NEAR(result.loss, std::log(4.0 / 3), 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, (std::vector<double>{.25, -.25, 0, 0}), 1e-15);

  GRU_CHECK_OK(mean_squared_error({2, 2, first_only}, predictions,
                                  std::vector<double>{2, ln3, nan, 0}, result));
  GRU_CHECK_NEAR(result.loss, 2.0, 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, (std::vector<double>{-2, 0, 0, 0}), 1e-15);

  const std::vector<std::uint8_t> none = {0, 0};
  GRU_CHECK_OK(cross_entropy({2, 2, none}, predictions, std::vector<std::int32_t>{1, 1}, result));
  GRU_CHECK_NEAR(result.loss, 0.0, 0);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, std::vector<double>(4, 0.0), 0);
}

TEST_CASE("cross entropy does not overflow") {
  ReferenceLoss result;
  GRU_CHECK_OK(cross_entropy({1, 3, {}}, std::vector<double>{1e4, -1e4, 1e4 + ln3},
                             std::vector<std::int32_t>{0}, result));
  GRU_CHECK_NEAR(result.loss, std::log(4.0), 1e-11);
}

TEST_CASE("cross entropy weighs, smooths and ignores as computed by hand") {
  // softmax(0, ln 3) = (1/4, 3/4), so that the classes cost ln 4 and ln 4/3.
  const std::vector<double> logits = {0, ln3, 0, ln3, 0, ln3};
  const std::vector<std::int32_t> targets = {0, 1, -7};
  LossOptions options{LossKind::cross_entropy};
  options.ignored_class = -7;
  options.class_weights = {2, 6};
  ReferenceLoss result;
  GRU_CHECK_OK(reference_loss(options, {3, 2}, logits, {targets}, result));
  GRU_CHECK_NEAR(result.denominator, 8.0, 0);
  GRU_CHECK_NEAR(result.loss, (2 * std::log(4.0) + 6 * std::log(4.0 / 3)) / 8, 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient,
                     (std::vector<double>{-1.5 / 8, 1.5 / 8, 1.5 / 8, -1.5 / 8, 0, 0}), 1e-15);

  options.label_smoothing = 0.5;
  GRU_CHECK_OK(reference_loss(options, {1, 2}, std::span(logits).first(2),
                              {std::span(targets).first(1)}, result));
  // of class 0: a half of its weight, and a quarter of each weight
  GRU_CHECK_NEAR(result.loss, (1.5 * std::log(4.0) + 1.5 * std::log(4.0 / 3)) / 2, 1e-15);
}

TEST_CASE("losses over values are as computed by hand") {
  const auto check = [](const LossOptions& options, const std::vector<double>& predictions,
                        const std::vector<double>& targets, double loss,
                        const std::vector<double>& gradient) {
    ReferenceLoss result;
    GRU_CHECK_OK(
        reference_loss(options, {1, predictions.size()}, predictions, {{}, targets}, result));
    GRU_CHECK_NEAR(result.loss, loss, 1e-15);
    GRU_CHECK_ALL_NEAR("gradient", result.gradient, gradient, 1e-15);
  };
  check({LossKind::mean_absolute_error}, {1, 2}, {3, 2}, 1, {-.5, 0});
  LossOptions huber{LossKind::huber};
  huber.delta = 2;
  check(huber, {1, -3, 0, 2}, {0, 0, 2, 2}, (.5 + 4 + 2 + 0) / 4, {.25, -.5, -.5, 0});
  LossOptions quantile{LossKind::quantile};
  quantile.quantiles = {.25F, .75F};
  // two steps ahead: outputs 0 and 1 are of the first, 2 and 3 of the second
  check(quantile, {1, 3, 5, 9}, {2, 7}, (.25 + .25 + .5 + .5) / 4,
        {-.25 / 4, .25 / 4, -.25 / 4, .25 / 4});
  check({LossKind::gaussian}, {1, 2, 0, std::log(4.0)}, {3, 2}, (2 + std::log(4.0) / 2) / 2,
        {-1, 0, -.75, .25});
  LossOptions binary{LossKind::binary_cross_entropy};
  binary.positive_weights = {2, 1};
  check(binary, {ln3, ln3}, {1, 0}, (2 * std::log(4.0 / 3) + std::log(4.0)) / 2, {-.25, .375});
}

TEST_CASE("missing values count neither in the loss nor in the denominator") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  // Predictions of missing values may be anything.
  const std::vector<double> predictions = {1, nan, 3, 4, 5, 6, nan, nan};
  const std::vector<double> targets = {0, nan, 3, 7, 5, 8, nan, nan};
  LossOptions options{LossKind::mean_squared_error};
  options.ignore_missing = true;
  ReferenceLoss result;
  GRU_CHECK_OK(reference_loss(options, {4, 2}, predictions, {{}, targets}, result));
  GRU_CHECK_NEAR(result.denominator, 2.5, 1e-15);
  GRU_CHECK_NEAR(result.loss, (1. + 0 + 9 + 0 + 4) / 5, 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient,
                     (std::vector<double>{.4, 0, 0, -1.2, 0, -.8, 0, 0}), 1e-15);

  // Both predictions of a missing value, and both numbers of a missing mean.
  options.kind = LossKind::quantile;
  options.quantiles = {.25F, .75F};
  GRU_CHECK_OK(reference_loss(options, {1, 4}, std::vector<double>{nan, 0, 1, 3},
                              {{}, std::vector<double>{nan, 2}}, result));
  GRU_CHECK_NEAR(result.denominator, 0.5, 0);
  GRU_CHECK_NEAR(result.loss, (.25 + .25) / 2, 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, (std::vector<double>{0, 0, -.125, .125}), 1e-15);
  options.kind = LossKind::gaussian;
  GRU_CHECK_OK(reference_loss(options, {1, 4}, std::vector<double>{1, nan, 0, nan},
                              {{}, std::vector<double>{3, nan}}, result));
  GRU_CHECK_NEAR(result.loss, 2.0, 1e-15);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, (std::vector<double>{-2, 0, -1.5, 0}), 1e-15);

  GRU_CHECK_OK(reference_loss(options, {1, 4}, std::vector<double>(4, nan),
                              {{}, std::vector<double>(2, nan)}, result));
  GRU_CHECK_NEAR(result.loss, 0.0, 0);
  GRU_CHECK_NEAR(result.denominator, 0.0, 0);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, std::vector<double>(4, 0.0), 0);

  options.ignore_missing = false;
  GRU_CHECK_OK(reference_loss(options, {1, 4}, std::vector<double>{1, 1, 0, 0},
                              {{}, std::vector<double>{3, nan}}, result));
  CHECK(std::isnan(result.loss));
}

/// log p(labels) as the sum over all paths of `steps` classes that collapse to them.
double log_sum_over_paths(std::span<const double> logits, std::size_t classes,
                          const std::vector<std::int32_t>& labels) {
  const std::size_t steps = logits.size() / classes;
  std::vector<std::size_t> path(steps, 0);
  double total = 0;
  for (;;) {
    std::vector<std::int32_t> spelt;
    double probability = 1;
    for (std::size_t t = 0; t < steps; ++t) {
      double sum = 0;
      for (std::size_t k = 0; k < classes; ++k) sum += std::exp(logits[t * classes + k]);
      probability *= std::exp(logits[t * classes + path[t]]) / sum;
      const bool repeated = t > 0 && path[t] == path[t - 1];
      if (path[t] != 0 && !repeated) spelt.push_back(static_cast<std::int32_t>(path[t]));
    }
    if (spelt == labels) total += probability;
    std::size_t t = 0;
    while (t < steps && ++path[t] == classes) path[t++] = 0;
    if (t == steps) return std::log(total);
  }
}

TEST_CASE("CTC is the sum over all paths") {
  Random random;
  for (int round = 0; round < 40; ++round) {
    const std::size_t steps = random.size(1, 5);
    const std::size_t classes = random.size(2, 4);
    const std::vector<double> logits = random.values(steps * classes, 2);
    const std::size_t count = random.size(0, steps);
    std::vector<std::int32_t> labels = random.classes(count, classes - 1);
    for (std::int32_t& label : labels) ++label;
    const double expected = -log_sum_over_paths(logits, classes, labels);
    ReferenceLoss result;
    GRU_CHECK_OK(reference_loss(
        {LossKind::ctc}, {steps, classes}, logits,
        {{}, {}, labels, std::vector<std::int32_t>{static_cast<std::int32_t>(count)}}, result));
    // No path spells too many labels. The loss is then infinite, and counts as 0.
    GRU_CHECK_NEAR(result.loss, std::isinf(expected) ? 0 : expected, 1e-12);
  }
}

/// Options of one kind of loss, a size that suits it, and targets for it. For ctc the rows are the
/// steps of two sequences.
struct LossCase {
  LossOptions options;
  std::size_t size = 1;
  std::vector<std::int32_t> classes;
  std::vector<double> values;
  std::vector<std::int32_t> labels, label_lengths;

  LossCase(LossKind kind, std::size_t rows, Random& random) {
    options.kind = kind;
    const std::size_t width = random.odd_size();
    size = width;
    if (kind == LossKind::cross_entropy) {
      options.ignored_class = static_cast<std::int32_t>(random.size(0, 5)) - 1;
      if (random.size(0, 1) == 1) options.label_smoothing = 0.3;
      if (random.size(0, 1) == 1) options.class_weights = weights(width, random);
    } else if (kind == LossKind::huber) {
      options.delta = 0.7;
    } else if (kind == LossKind::quantile) {
      options.quantiles = {0.1F, 0.5F, 0.8F};
      size = 3 * width;
    } else if (kind == LossKind::gaussian) {
      size = 2 * width;
    } else if (kind == LossKind::binary_cross_entropy && random.size(0, 1) == 1) {
      options.positive_weights = weights(width, random);
    } else if (kind == LossKind::ctc) {
      size = width + 1;
      labels = random.classes(4, width);
      for (std::int32_t& label : labels) ++label;
      label_lengths = random.classes(2, 3);
    }
    classes = random.classes(rows, width);
    values = random.values(rows * width);
    options.ignore_missing = random.size(0, 1) == 1;
    if (options.ignore_missing) testing::drop_some(random, values);
  }

  static std::vector<float> weights(std::size_t count, Random& random) {
    std::vector<float> made;
    for (const double value : random.values(count))
      made.push_back(static_cast<float>(std::abs(value)));
    return made;
  }
  ReferenceTarget target() const { return {classes, values, labels, label_lengths}; }
};

TEST_CASE("gradients agree with finite differences") {
  Random random;
  for (int round = 0; round < 20; ++round) {
    for (const LossKind kind :
         {LossKind::cross_entropy, LossKind::mean_squared_error, LossKind::mean_absolute_error,
          LossKind::huber, LossKind::quantile, LossKind::gaussian, LossKind::binary_cross_entropy,
          LossKind::ctc}) {
      const std::size_t count = 2 * random.size(1, 3);
      const LossCase example(kind, count, random);
      std::vector<std::uint8_t> valid = random_validity(random, count);
      if (kind == LossKind::ctc) valid.assign(count, 1);
      const ReferenceRows rows{count, example.size, valid};
      std::vector<double> predictions = random.values(count * example.size);
      const auto loss = [&] {
        ReferenceLoss result;
        GRU_CHECK_OK(reference_loss(example.options, rows, predictions, example.target(), result));
        return result;
      };
      GRU_CHECK_GRADIENT("kind " + std::to_string(static_cast<int>(kind)), predictions,
                         loss().gradient, [&] { return loss().loss; });
    }
  }
}

TEST_CASE("rows that are all ignored lose nothing") {
  LossOptions options{LossKind::cross_entropy};
  options.ignored_class = 1;
  ReferenceLoss result;
  GRU_CHECK_OK(reference_loss(options, {2, 2}, std::vector<double>{1, 2, 3, 4},
                              {std::vector<std::int32_t>{1, 1}}, result));
  GRU_CHECK_NEAR(result.loss, 0.0, 0);
  GRU_CHECK_ALL_NEAR("gradient", result.gradient, std::vector<double>(4, 0.0), 0);
}

TEST_CASE("wrong sizes and classes are refused by name") {
  const std::vector<double> four(4);
  ReferenceLoss result;
  GRU_CHECK_REFUSED(cross_entropy({2, 3, {}}, four, std::vector<std::int32_t>{0, 0}, result),
                    StatusCode::shape, "predictions: expected rows*size = 6 values, got 4 values");
  GRU_CHECK_REFUSED(cross_entropy({2, 2, {}}, four, std::vector<std::int32_t>{0}, result),
                    StatusCode::shape, "target: ");
  GRU_CHECK_REFUSED(cross_entropy({2, 2, {}}, four, std::vector<std::int32_t>{0, 2}, result),
                    StatusCode::value,
                    "target: expected classes from 0 to less than 2, got 2 in row 1");
  GRU_CHECK_REFUSED(cross_entropy({2, 2, {}}, four, std::vector<std::int32_t>{0, -1}, result),
                    StatusCode::value, "target: ");
  GRU_CHECK_REFUSED(mean_squared_error({2, 2, {}}, four, std::vector<double>(3), result),
                    StatusCode::shape, "target: ");
  GRU_CHECK_REFUSED(mean_squared_error({2, 2, std::vector<std::uint8_t>(3)}, four, four, result),
                    StatusCode::shape, "valid: ");
}

}  // namespace
}  // namespace gru
