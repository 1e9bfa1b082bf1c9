#include <algorithm>
#include <cmath>
#include <vector>

#include "reference/losses.h"
#include "testing/device_testing.h"
#include "testing/host_memory_device.h"
#include "testing/test_device.h"

/// The losses and their gradients, for matrices with and without gaps between their rows.
namespace gru {
namespace {

using testing::GuardedMatrix;
using testing::infinity;
using testing::nan_float;
using testing::Random;
using testing::random_floats;
using testing::same_bits;
using testing::to_doubles;
using testing::view;

struct Size {
  std::size_t rows, columns;
};
/// Sizes of one part and of several parts, with rows that are narrower and wider than a part.
constexpr Size sizes[] = {{1, 1}, {9, 5}, {900, 19}, {3, 20000}};

/// The gaps between the rows of each matrix.
struct Gaps {
  std::size_t predictions, targets, gradient;
};
constexpr Gaps every_gap[] = {{0, 0, 0}, {2, 0, 0}, {0, 3, 0}, {0, 0, 1}, {5, 3, 4}};

constexpr LossKind every_value_loss[] = {LossKind::mean_squared_error,
                                         LossKind::mean_absolute_error,
                                         LossKind::huber,
                                         LossKind::quantile,
                                         LossKind::gaussian,
                                         LossKind::binary_cross_entropy};

GuardedMatrix matrix_of(const std::vector<float>& values, const Size& size, std::size_t gap) {
  GuardedMatrix matrix(size.rows, size.columns, gap);
  matrix.assign(values);
  return matrix;
}

using Values = std::vector<float>;

double largest_of(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

/// Computes a loss with its gradient, without it on another schedule, and with the gradient in the
/// memory of the predictions. All must agree with the reference.
template <class Call, class Run>
void check_loss(Call call, const Values& predictions, const Size& size, const Gaps& gaps,
                const ReferenceLoss& expected, double bound, const Run& run) {
  GuardedMatrix output = matrix_of(predictions, size, gaps.predictions);
  GuardedMatrix gradient(size.rows, size.columns, gaps.gradient);
  StepMetrics metrics{-1, 4};
  call.output = view(output);
  call.d_output = view(gradient);
  call.metrics = {&metrics, 1};
  call.denominator = expected.denominator;
  testing::set_schedule(1);
  GRU_CHECK_OK(run(call));
  GRU_CHECK_NEAR(metrics.loss, expected.loss, 1e-6 * std::max(1.0, std::abs(expected.loss)));
  CHECK(metrics.gradient_norm == 4);
  GRU_CHECK_ALL_NEAR("gradient", to_doubles(gradient.values()), expected.gradient, bound);
  CHECK(gradient.guards_hold());

  testing::set_schedule(3);
  StepMetrics again;
  call.d_output = {};
  call.metrics = {&again, 1};
  GRU_CHECK_OK(run(call));
  // A compiler may use a fused multiply-add in only one of the two loops.
  GRU_CHECK_NEAR(again.loss, metrics.loss, 1e-12 * std::abs(metrics.loss));

  call.d_output = view(output);
  GRU_CHECK_OK(run(call));
  CHECK(again.loss == metrics.loss);
  CHECK(same_bits(output.values(), gradient.values()));
  CHECK(output.guards_hold());

  // A weight of 1/2 halves everything, to the last bit.
  output.assign(predictions);
  GuardedMatrix half(size.rows, size.columns, 0);
  call.output = view(output);
  call.d_output = view(half);
  call.weight = 0.5;
  GRU_CHECK_OK(run(call));
  CHECK(again.loss == metrics.loss / 2);
  Values doubled = half.values();
  for (float& value : doubled) value *= 2;
  CHECK(same_bits(doubled, gradient.values()));
}

/// Weights from 0.5 to 2.
Values random_weights(Random& random, std::size_t count) {
  Values made = random_floats(random, count);
  for (float& value : made) value = std::exp2(std::tanh(value));
  return made;
}

void check_cross_entropy(Device& device, const LossOptions& options, const Size& size,
                         Random& random) {
  const Values values = random_floats(random, size.rows * size.columns, 2);
  const std::vector<std::int32_t> classes = random.classes(size.rows, size.columns);
  ReferenceLoss expected;
  GRU_CHECK_OK(
      reference_loss(options, {size.rows, size.columns}, to_doubles(values), {classes}, expected));
  CrossEntropyCall call;
  call.targets = {classes.data(), classes.size()};
  call.class_weights = {options.class_weights.data(), options.class_weights.size()};
  call.label_smoothing = options.label_smoothing;
  call.ignored_class = options.ignored_class;
  for (const Gaps& gaps : every_gap) {
    check_loss(call, values, size, gaps, expected, 1e-5 / static_cast<double>(size.rows),
               [&](const CrossEntropyCall& made) { return device.cross_entropy(made); });
  }
}

TEST_CASE("cross entropy is the reference's") {
  Random random;
  const auto device = testing::on_host_memory(testing::test_device());
  for (const Size& size : sizes) {
    LossOptions options{LossKind::cross_entropy};
    check_cross_entropy(*device, options, size, random);
    options.ignored_class = static_cast<std::int32_t>(random.size(0, size.columns - 1));
    check_cross_entropy(*device, options, size, random);
    options.class_weights = random_weights(random, size.columns);
    check_cross_entropy(*device, options, size, random);
    options.label_smoothing = 0.2;
    check_cross_entropy(*device, options, size, random);
    options.class_weights.clear();
    check_cross_entropy(*device, options, size, random);
  }
}

/// `size` is the size of the targets.
void check_value_loss(Device& device, const LossOptions& options, Size size, Random& random) {
  const Size target_size = size;
  if (options.kind == LossKind::quantile) size.columns *= options.quantiles.size();
  if (options.kind == LossKind::gaussian) size.columns *= 2;
  const Values values = random_floats(random, size.rows * size.columns, 2);
  Values wanted = random_floats(random, target_size.rows * target_size.columns);
  if (options.ignore_missing) testing::drop_some(random, wanted);
  ReferenceLoss expected;
  GRU_CHECK_OK(reference_loss(options, {size.rows, size.columns}, to_doubles(values),
                              {{}, to_doubles(wanted)}, expected));
  const double usual =
      1 / std::max(1.0, expected.denominator * static_cast<double>(target_size.columns));
  const double bound = 8e-7 * std::max(usual, largest_of(expected.gradient));
  ValueLossCall call;
  call.kind = options.kind;
  call.delta = options.delta;
  call.ignore_missing = options.ignore_missing;
  call.quantiles = {options.quantiles.data(), options.quantiles.size()};
  call.positive_weights = {options.positive_weights.data(), options.positive_weights.size()};
  for (const Gaps& gaps : every_gap) {
    GuardedMatrix targets = matrix_of(wanted, target_size, gaps.targets);
    call.targets = view(targets);
    check_loss(call, values, size, gaps, expected, bound,
               [&](const ValueLossCall& made) { return device.value_loss(made); });
  }
}

TEST_CASE("losses over values are the reference's") {
  Random random;
  const auto device = testing::on_host_memory(testing::test_device());
  for (const Size& size : sizes) {
    for (const LossKind kind : every_value_loss) {
      LossOptions options{kind};
      options.delta = 0.8;
      options.quantiles = {0.1F, 0.5F, 0.75F};
      check_value_loss(*device, options, size, random);
      options.ignore_missing = true;
      check_value_loss(*device, options, size, random);
    }
    LossOptions weighted{LossKind::binary_cross_entropy};
    weighted.positive_weights = random_weights(random, size.columns);
    check_value_loss(*device, weighted, size, random);
    weighted.ignore_missing = true;
    check_value_loss(*device, weighted, size, random);
  }
}

/// The metrics' loss and the gradient of one row of predictions.
struct RowLoss {
  double loss;
  Values gradient;
};

RowLoss loss_of_row(Device& device, ValueLossCall call, Values predictions, Values targets) {
  StepMetrics metrics;
  RowLoss row{0, Values(predictions.size())};
  call.output = {predictions.data(), 1, predictions.size(), predictions.size()};
  call.d_output = {row.gradient.data(), 1, row.gradient.size(), row.gradient.size()};
  call.targets = {targets.data(), 1, targets.size(), targets.size()};
  call.metrics = {&metrics, 1};
  call.denominator = 1;
  GRU_CHECK_OK(device.value_loss(call));
  row.loss = metrics.loss;
  return row;
}

TEST_CASE("NaN and infinity reach every loss over values") {
  const auto device = testing::on_host_memory(testing::test_device());
  const float quantiles[] = {0.25F};
  for (const LossKind kind :
       {LossKind::mean_squared_error, LossKind::mean_absolute_error, LossKind::huber,
        LossKind::quantile, LossKind::binary_cross_entropy}) {
    ValueLossCall call;
    call.kind = kind;
    call.quantiles = {quantiles, 1};
    const RowLoss lost = loss_of_row(*device, call, {nan_float, 1}, {0, 0});
    CHECK(std::isnan(lost.loss));
    CHECK(std::isnan(lost.gradient[0]));
    CHECK(std::isfinite(lost.gradient[1]));
    CHECK(loss_of_row(*device, call, {infinity, 1}, {0, 0}).loss == static_cast<double>(infinity));
    CHECK(std::isfinite(loss_of_row(*device, call, {1e4F, -1e4F}, {0.5F, 0.5F}).loss));
  }
  ValueLossCall gaussian;
  gaussian.kind = LossKind::gaussian;
  const RowLoss lost = loss_of_row(*device, gaussian, {nan_float, 0}, {0});
  CHECK(std::isnan(lost.loss));
  CHECK(std::isnan(lost.gradient[0]));
  CHECK(std::isnan(lost.gradient[1]));
  // exp(100) exceeds the range of a float, and so does the gradient of the log variance.
  const RowLoss steep = loss_of_row(*device, gaussian, {1, -100}, {0});
  GRU_CHECK_NEAR(steep.loss, (std::exp(100.0) - 100) / 2, 1e30);
  CHECK(steep.gradient[0] == infinity);
  CHECK(steep.gradient[1] == -infinity);
}

TEST_CASE("a missing value has no loss, whatever is predicted, and the others have theirs") {
  const auto device = testing::on_host_memory(testing::test_device());
  const float quantiles[] = {0.25F};
  for (const LossKind kind : every_value_loss) {
    const bool pairs = kind == LossKind::gaussian;
    ValueLossCall call;
    call.kind = kind;
    call.quantiles = {quantiles, 1};
    const Values predictions =
        pairs ? Values{2, nan_float, 1, 0.5F, -infinity, 2} : Values{2, nan_float, 1};
    const Values targets = {0.5F, nan_float, 1};
    CHECK(std::isnan(loss_of_row(*device, call, predictions, targets).loss));
    call.ignore_missing = true;
    const RowLoss row = loss_of_row(*device, call, predictions, targets);
    const RowLoss others =
        loss_of_row(*device, call, pairs ? Values{2, 1, 0.5F, 2} : Values{2, 1}, {0.5F, 1});
    GRU_CHECK_NEAR(row.loss, others.loss * 2 / 3, 1e-7);
    for (std::size_t i = 1; i < predictions.size(); i += 3) CHECK(row.gradient[i] == 0);
    CHECK(std::isnan(loss_of_row(*device, call, predictions, {0.5F, 0, 1}).loss));
  }
}

TEST_CASE("without a missing value the bits are those of the plain loss") {
  const auto device = testing::on_host_memory(testing::test_device());
  Random random;
  const float quantiles[] = {0.25F, 0.5F};
  for (const LossKind kind : every_value_loss) {
    ValueLossCall call;
    call.kind = kind;
    call.quantiles = {quantiles, 2};
    const Values predictions = random_floats(random, 40);
    const bool pairs = kind == LossKind::gaussian || kind == LossKind::quantile;
    const Values targets = random_floats(random, pairs ? 20 : 40);
    const RowLoss plain = loss_of_row(*device, call, predictions, targets);
    call.ignore_missing = true;
    const RowLoss present = loss_of_row(*device, call, predictions, targets);
    CHECK(present.loss == plain.loss);
    CHECK(same_bits(present.gradient, plain.gradient));
  }
}

TEST_CASE("CTC is the sum over its paths") {
  const auto device = testing::on_host_memory(testing::test_device());
  // One sequence of two steps and the label 1: the paths 1 1, 1 0 and 0 1.
  for (const std::size_t gap : {std::size_t{0}, std::size_t{3}}) {
    GuardedMatrix logits = matrix_of({0, std::log(3.0F), 0, std::log(3.0F)}, {2, 2}, gap);
    GuardedMatrix gradient(2, 2, gap + 1);
    const std::vector<std::int32_t> first = {0, 1, 2}, lengths = {2}, states = {3};
    const std::vector<std::int32_t> symbols = {0, 1, 0}, order = {0, 2, 1};
    std::vector<double> lattice(4 * 3);
    StepMetrics metrics;
    CtcCall call;
    call.output = view(logits);
    call.d_output = view(gradient);
    call.metrics = {&metrics, 1};
    call.denominator = 1;
    call.first = {first.data(), first.size()};
    call.lengths = {lengths.data(), 1};
    call.states = {states.data(), 1};
    call.symbols = {symbols.data(), 1, 3, 3};
    call.by_symbol = {order.data(), 1, 3, 3};
    call.lattice = {lattice.data(), lattice.size()};
    GRU_CHECK_OK(device->ctc(call));
    // 9/16 + 3/16 + 3/16; the blank has a share of 1/5 at each step, and a probability of 1/4.
    GRU_CHECK_NEAR(metrics.loss, std::log(16.0 / 15), 1e-6);
    GRU_CHECK_ALL_NEAR("gradient", to_doubles(gradient.values()),
                       (std::vector<double>{.05, -.05, .05, -.05}), 1e-6);
    CHECK(gradient.guards_hold());
  }
}

}  // namespace
}  // namespace gru
