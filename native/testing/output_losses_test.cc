#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "reference/graph.h"
#include "testing/device_testing.h"
#include "testing/test_device.h"
#include "train/trainer.h"

/// The losses as the trainer uses them: ragged batches in the caller's layout, their checks, their
/// denominators, and labels without an alignment.
namespace gru {
namespace {

using testing::coin;
using testing::infinity;
using testing::nan_float;
using testing::Random;
using testing::random_floats;
using testing::to_doubles;
using testing::to_floats;

constexpr LossKind every_kind[] = {LossKind::cross_entropy,
                                   LossKind::mean_squared_error,
                                   LossKind::mean_absolute_error,
                                   LossKind::huber,
                                   LossKind::quantile,
                                   LossKind::gaussian,
                                   LossKind::binary_cross_entropy,
                                   LossKind::ctc};

/// Time-major rows [steps, batch] in the caller's order.
template <class T>
std::vector<T> batch_major(const std::vector<T>& rows, std::size_t steps, std::size_t batch) {
  if (rows.empty()) return {};
  const std::size_t width = rows.size() / (steps * batch);
  std::vector<T> made;
  for (std::size_t b = 0; b < batch; ++b) {
    for (std::size_t t = 0; t < steps; ++t) {
      const auto row = rows.begin() + static_cast<std::ptrdiff_t>((t * batch + b) * width);
      made.insert(made.end(), row, row + static_cast<std::ptrdiff_t>(width));
    }
  }
  return made;
}

/// A batch of predictions and targets, time-major.
struct Example {
  OutputOptions output{"head", {}};
  EdgeShape shape;
  bool batch_first = false;
  std::size_t steps = 1, batch = 1, most_labels = 0;
  std::vector<std::int32_t> lengths;  ///< empty: all steps
  std::vector<float> predictions;
  std::vector<std::int32_t> classes, labels, label_lengths;
  std::vector<float> values;

  std::size_t rows() const { return shape.every == Every::step ? steps * batch : batch; }

  std::vector<std::uint8_t> valid() const {
    std::vector<std::uint8_t> made(rows(), 1);
    for (std::size_t row = 0; row < rows() && !lengths.empty(); ++row) {
      made[row] = static_cast<std::size_t>(lengths[row % batch]) > row / batch ? 1 : 0;
    }
    return made;
  }
  ReferenceLoss expected() const {
    const std::vector<std::uint8_t> counted = valid();
    const std::vector<double> wanted = to_doubles(values);
    ReferenceLoss result;
    GRU_CHECK_OK(reference_loss(output.loss, {rows(), shape.width, counted},
                                to_doubles(predictions), {classes, wanted, labels, label_lengths},
                                result));
    return result;
  }
};

std::vector<float> random_weights(Random& random, std::size_t count) {
  std::vector<float> made = random_floats(random, count);
  for (float& weight : made) weight = std::abs(weight) + 0.1F;
  return made;
}

/// Chooses options of one kind for a target of `width` values, and the width of the output.
void choose_options(LossKind kind, std::size_t width, Random& random, Example& example) {
  LossOptions& options = example.output.loss;
  options.kind = kind;
  example.shape.width = width;
  switch (kind) {
    case LossKind::cross_entropy:
      if (coin(random)) options.ignored_class = coin(random) ? -100 : 0;
      if (coin(random)) options.class_weights = random_weights(random, width);
      if (coin(random)) options.label_smoothing = 0.1;
      break;
    case LossKind::quantile:
      options.quantiles = {0.1F, 0.9F};
      example.shape.width = 2 * width;
      break;
    case LossKind::gaussian:
      example.shape.width = 2 * width;
      break;
    case LossKind::binary_cross_entropy:
      if (coin(random)) options.positive_weights = random_weights(random, width);
      break;
    case LossKind::ctc:
      example.shape.width = width + 1;
      break;
    default:
      break;
  }
}

Example random_example(LossKind kind, Every every, Random& random) {
  Example example;
  example.shape.every = every;
  example.batch_first = coin(random);
  example.output.weight = coin(random) ? 1 : 0.3;
  example.steps = random.size(1, 9);
  example.batch = random.size(2, 6);
  const std::size_t width = random.odd_size();
  choose_options(kind, width, random, example);
  if (coin(random)) example.lengths = random.lengths(example.batch, example.steps);
  example.predictions = random_floats(random, example.rows() * example.shape.width, 2);
  if (kind == LossKind::cross_entropy) {
    example.classes = random.classes(example.rows(), width);
    if (example.output.loss.ignored_class == -100) example.classes.front() = -100;
  } else if (kind == LossKind::ctc) {
    example.most_labels = random.size(1, 5);
    example.labels = random.classes(example.most_labels * example.batch, width);
    for (std::int32_t& label : example.labels) ++label;
    example.label_lengths = random.classes(example.batch, example.most_labels + 1);
  } else {
    example.values = random_floats(random, example.rows() * width);
    if (has_probabilities(kind)) {
      for (float& value : example.values) value = std::abs(value) - std::floor(std::abs(value));
    }
    example.output.loss.ignore_missing = coin(random);
    if (example.output.loss.ignore_missing) testing::drop_some(random, example.values);
  }
  return example;
}

/// The loss on a device, in the example's layout and with gaps between rows.
class OnDevice {
 public:
  explicit OnDevice(const Example& example) : example_(example), device_(testing::test_device()) {
    predictions_ = example.predictions;
    classes_ = example.classes;
    values_ = example.values;
    labels_ = example.labels;
    if (example.batch_first) {
      if (example.shape.every == Every::step) {
        predictions_ = ordered(predictions_, example.steps);
        classes_ = ordered(classes_, example.steps);
        values_ = ordered(values_, example.steps);
      }
      labels_ = ordered(labels_, example.most_labels);
    }
    GRU_CHECK_OK(
        rows_.load(*device_, {example.steps, example.batch, example.lengths}, example.batch_first));
    loss_ = make_output_loss(example.output, example.batch_first);
  }

  Status check() { return loss_->check(example_.shape, rows_.map(), target()); }
  const OutputLoss& loss() const { return *loss_; }

  /// Returns the loss. Afterwards gradient() has the gradient, time-major.
  double compute(bool with_gradient = true) {
    Sequence output;
    output.rows = &rows_;
    output.every = example_.shape.every;
    const std::size_t count = output.row_count();
    output.values = spread(output_, count, 2);
    pack(output);
    DeviceMatrix<float> gradient;
    if (with_gradient) gradient = spread(d_output_, count, 3);
    GRU_CHECK_OK(metrics_.reserve(*device_, 1));
    GRU_CHECK_OK(loss_->compute(*device_, output, target(), gradient, metrics_.span()));
    if (with_gradient) unpack(output, gradient);
    StepMetrics metrics;
    GRU_CHECK_OK(device_->download(metrics, metrics_.span()));
    return metrics.loss;
  }

  const std::vector<float>& gradient() const { return gradient_; }

 private:
  template <class T>
  std::vector<T> ordered(const std::vector<T>& rows, std::size_t steps) const {
    return batch_major(rows, steps, example_.batch);
  }
  Target target() const { return {classes_, values_, labels_, example_.label_lengths}; }

  /// A matrix of NaN with gaps of `gap` floats between its rows.
  DeviceMatrix<float> spread(Buffer<float>& buffer, std::size_t rows, std::size_t gap) {
    const std::size_t stride = example_.shape.width + gap;
    GRU_CHECK_OK(buffer.reserve(*device_, rows * stride));
    GRU_CHECK_OK(device_->fill(DeviceMatrix<float>(buffer.span(), stride), nan_float));
    return {buffer.span().data(), rows, example_.shape.width, stride};
  }
  void pack(const Sequence& output) {
    GRU_CHECK_OK(padded_.reserve(*device_, predictions_.size()));
    GRU_CHECK_OK(device_->upload(padded_.span(), predictions_));
    const DeviceMatrix<const float> padded(padded_.span(), example_.shape.width);
    DeviceMatrix<const float> packed;
    GRU_CHECK_OK(output.every == Every::step
                     ? rows_.pack(*device_, padded, packed_, packed)
                     : rows_.pack_sequences(*device_, padded, packed_, packed));
    const DeviceMatrix<float> to(output_.span().data(), output.values.rows(),
                                 output.values.columns(), output.values.stride());
    GRU_CHECK_OK(device_->copy(to, packed.row_range(0, to.rows())));
  }
  void unpack(const Sequence& output, DeviceMatrix<float> gradient) {
    Buffer<float> dense;
    GRU_CHECK_OK(dense.reserve(*device_, gradient.rows() * gradient.columns()));
    const DeviceMatrix<float> packed(dense.span(), gradient.columns());
    GRU_CHECK_OK(device_->copy(packed, gradient));
    const DeviceMatrix<float> padded(padded_.span(), gradient.columns());
    GRU_CHECK_OK(output.every == Every::step ? rows_.unpack(*device_, packed, padded)
                                             : rows_.unpack_sequences(*device_, packed, padded));
    gradient_.resize(padded_.size());
    GRU_CHECK_OK(device_->download(gradient_, padded_.span()));
    if (example_.batch_first && output.every == Every::step) {
      gradient_ = batch_major(gradient_, example_.batch, example_.steps);
    }
  }

  Example example_;
  std::unique_ptr<Device> device_;
  DeviceRows rows_;
  std::unique_ptr<OutputLoss> loss_;
  std::vector<float> predictions_, values_, gradient_;
  std::vector<std::int32_t> classes_, labels_;
  Buffer<float> padded_, packed_, output_, d_output_;
  Buffer<StepMetrics> metrics_;
};

void check_example(const Example& example) {
  const ReferenceLoss expected = example.expected();
  const double weight = example.output.weight;
  OnDevice made(example);
  GRU_CHECK_OK(made.check());
  GRU_CHECK_NEAR(made.loss().denominator(), expected.denominator, 1e-12 * expected.denominator);
  testing::set_schedule(1);
  const double loss = made.compute();
  GRU_CHECK_NEAR(loss, weight * expected.loss, 1e-6 * std::max(1.0, std::abs(expected.loss)));
  double largest = 0.1;
  std::vector<double> gradient = expected.gradient;
  for (double& value : gradient) {
    value *= weight;
    largest = std::max(largest, std::abs(value));
  }
  GRU_CHECK_ALL_NEAR("gradient", to_doubles(made.gradient()), gradient, 1e-5 * largest);
  const std::vector<float> first = made.gradient();
  testing::set_schedule(3);
  CHECK(made.compute() == loss);
  CHECK(testing::same_bits(made.gradient(), first));
  // A compiler may use a fused multiply-add in only one of the two loops.
  GRU_CHECK_NEAR(made.compute(false), loss, 1e-12 * std::abs(loss));
}

TEST_CASE("losses of ragged batches are the reference's") {
  Random random;
  for (int round = 0; round < 12; ++round) {
    for (const LossKind kind : every_kind) {
      check_example(random_example(kind, Every::step, random));
      if (kind != LossKind::ctc) check_example(random_example(kind, Every::last, random));
    }
  }
}

TEST_CASE("CTC of long sequences stays exact") {
  Random random;
  Example example = random_example(LossKind::ctc, Every::step, random);
  example.shape.width = 40;
  example.steps = 300;
  example.batch = 3;
  example.most_labels = 140;
  example.lengths = {300, 299, 150};
  example.predictions = random_floats(random, 300 * 3 * 40, 3);
  example.labels = random.classes(140 * 3, 39);
  for (std::int32_t& label : example.labels) ++label;
  example.label_lengths = {140, 100, 0};
  check_example(example);
}

/// Two sequences of two steps over the blank and two labels.
Example two_sequences() {
  Example example;
  example.output.loss.kind = LossKind::ctc;
  example.shape.width = 3;
  example.steps = 2;
  example.batch = 2;
  example.most_labels = 2;
  example.predictions = {1, 2, 3, 0, 1, 0, 3, 2, 1, 0, 0, 1};
  example.labels = {1, 2, 1, 1};  // [S, B]: 1 1 and 2 1
  example.label_lengths = {2, 2};
  return example;
}

TEST_CASE("labels without an alignment count nothing and are named") {
  Example example = two_sequences();
  OnDevice made(example);
  GRU_CHECK_OK(made.check());
  // The labels 1 1 need a blank between them, so three steps.
  CHECK((made.loss().impossible().size() == 1 && made.loss().impossible()[0] == 0));
  CHECK(made.loss().denominator() == 2);
  const double loss = made.compute();
  CHECK(std::isfinite(loss));
  CHECK(loss > 0);
  for (const std::size_t t : {std::size_t{0}, std::size_t{1}}) {
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(made.gradient()[(t * 2) * 3 + k] == 0);
      CHECK(made.gradient()[(t * 2 + 1) * 3 + k] != 0);
    }
  }
  // The sequence does not count, whatever its predictions are.
  example.predictions[0] = nan_float;
  OnDevice spoilt(example);
  GRU_CHECK_OK(spoilt.check());
  CHECK(spoilt.compute() == loss);
  CHECK(spoilt.gradient()[0] == 0);
  // Without a step there is no alignment of labels. An empty list of labels has one.
  example.lengths = {0, 2};
  example.label_lengths = {1, 2};
  OnDevice empty(example);
  GRU_CHECK_OK(empty.check());
  CHECK(empty.loss().impossible().size() == 1);
  example.label_lengths = {0, 2};
  OnDevice nothing(example);
  GRU_CHECK_OK(nothing.check());
  CHECK(nothing.loss().impossible().empty());
  CHECK(nothing.compute() == loss);
}

TEST_CASE("NaN and infinity reach CTC") {
  Example example = two_sequences();
  example.labels = {2, 1, 1, 2};
  for (const std::size_t index : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    example.predictions[index] = nan_float;
    OnDevice made(example);
    GRU_CHECK_OK(made.check());
    CHECK(std::isnan(made.compute()));
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(std::isnan(made.gradient()[k]));
      CHECK(std::isfinite(made.gradient()[3 + k]));  // the other sequence's
    }
    example.predictions[index] = 1;
  }
  example.predictions[2] = -infinity;  // makes the first label impossible
  OnDevice made(example);
  GRU_CHECK_OK(made.check());
  CHECK(made.compute() == static_cast<double>(infinity));
}

TEST_CASE("rows of the ignored class have no gradient whatever they hold") {
  for (const double smoothing : {0.0, 0.2}) {
    Example example;
    example.output.loss.ignored_class = 7;
    example.output.loss.label_smoothing = smoothing;
    example.shape.width = 3;
    example.steps = 2;
    example.predictions = {nan_float, infinity, 0, 1, 2, 3};
    example.classes = {7, 0};
    OnDevice some(example);
    GRU_CHECK_OK(some.check());
    CHECK(some.loss().denominator() == 1);
    CHECK(std::isfinite(some.compute()));
    for (std::size_t k = 0; k < 3; ++k) CHECK(some.gradient()[k] == 0);
    example.classes = {7, 7};
    OnDevice all(example);
    GRU_CHECK_OK(all.check());
    CHECK(all.loss().denominator() == 0);
    CHECK(all.compute() == 0);
    for (const float value : all.gradient()) CHECK(value == 0);
  }
}

TEST_CASE("a loss over values counts those that are present in valid rows") {
  Example example;
  example.output.loss.kind = LossKind::mean_absolute_error;
  example.output.loss.ignore_missing = true;
  example.shape.width = 2;
  example.steps = 2;
  example.batch = 2;
  example.lengths = {2, 1};
  example.predictions = {1, 2, nan_float, 3, 4, 5, nan_float, nan_float};
  example.values = {2, 4, nan_float, 0, nan_float, 5, 6, nan_float};
  OnDevice some(example);
  GRU_CHECK_OK(some.check());
  CHECK(some.loss().denominator() == 2);  // four values: the last row is padding
  CHECK(some.compute() == (1. + 2 + 3 + 0) / 4);
  CHECK(some.gradient() == std::vector<float>{-.25F, -.25F, 0, .25F, 0, 0, 0, 0});
  example.values.assign(8, nan_float);
  OnDevice none(example);
  GRU_CHECK_OK(none.check());
  CHECK(none.loss().denominator() == 0);
  CHECK(none.compute() == 0);
  for (const float value : none.gradient()) CHECK(value == 0);
}

TEST_CASE("wrong targets are refused by name and place") {
  Example classes;
  classes.shape.width = 3;
  classes.steps = 2;
  classes.predictions.resize(6);
  classes.classes = {0, 3};
  GRU_CHECK_REFUSED(OnDevice(classes).check(), StatusCode::value,
                    "targets.head[1]: expected an integer from 0 to 2, got 3");
  classes.output.loss.ignored_class = 3;
  GRU_CHECK_OK(OnDevice(classes).check());

  Example labels = two_sequences();
  labels.labels[2] = 0;
  GRU_CHECK_REFUSED(OnDevice(labels).check(), StatusCode::value,
                    "targets.head.labels[2]: expected a label from 1 to 2 (0 is the blank), got 0");
  labels.labels[2] = 3;
  GRU_CHECK_REFUSED(OnDevice(labels).check(), StatusCode::value, "targets.head.labels[2]: ");
  labels.label_lengths = {1, 2};  // past these lengths labels may have any value
  GRU_CHECK_OK(OnDevice(labels).check());
  labels.label_lengths = {1, 3};
  GRU_CHECK_REFUSED(OnDevice(labels).check(), StatusCode::value,
                    "targets.head.lengths[1]: expected an integer from 0 to 2, got 3");
  labels = two_sequences();
  labels.labels[2] = 0;
  labels.batch_first = true;  // the caller's layout
  GRU_CHECK_REFUSED(OnDevice(labels).check(), StatusCode::value, "targets.head.labels[1]: ");
}

TEST_CASE("targets that are no probabilities are refused by name and place, in valid rows only") {
  Example example;
  example.output.loss.kind = LossKind::binary_cross_entropy;
  example.shape.width = 2;
  example.steps = 2;
  example.batch = 2;
  example.predictions.resize(8);
  for (const auto& [value, text] : {std::pair{1.5F, "1.5"}, {-3.0F, "-3"}, {255.0F, "255"}}) {
    example.lengths = {};
    example.values = {0, 1, 0.5F, 0.25F, 1, 0, 1, value};
    const std::string message =
        std::string("targets.head[7]: expected a finite number at least 0 and at most 1, got ") +
        text;
    GRU_CHECK_REFUSED(OnDevice(example).check(), StatusCode::value, message);
    example.lengths = {2, 1};
    GRU_CHECK_OK(OnDevice(example).check());
    example.lengths = {1, 2};
    GRU_CHECK_REFUSED(OnDevice(example).check(), StatusCode::value, message);
  }
  example.shape.every = Every::last;
  example.predictions.resize(4);
  example.values = {2, 0, 0, 2};
  example.lengths = {0, 1};
  GRU_CHECK_REFUSED(OnDevice(example).check(), StatusCode::value, "targets.head[3]: ");
  example.values[3] = nan_float;  // told by the step, as any loss that is not finite
  GRU_CHECK_OK(OnDevice(example).check());
}

/// Two heads on one recurrent layer, each with its own weights.
GraphOptions two_heads() {
  LossOptions huber{LossKind::huber};
  huber.delta = 0.5;
  LossOptions classes{LossKind::cross_entropy};
  classes.ignored_class = 2;
  GraphOptions options;
  options.inputs = {{"input", false, 3}};
  RecurrentOptions memory;
  memory.hidden_size = 4;
  options.layers = {{"memory", {"input"}, memory},
                    {"value", {"memory"}, LinearOptions{2}},
                    {"class", {"memory"}, LinearOptions{3}}};
  options.outputs = {{"value", huber, 0.25}, {"class", classes, 2}};
  return options;
}

TEST_CASE("outputs are weighed and reported one by one") {
  Random random;
  const GraphOptions options = two_heads();
  const std::size_t steps = 5, batch = 3;
  const std::vector<std::int32_t> lengths = {5, 0, 3};
  const std::vector<float> features = random_floats(random, steps * batch * 3);
  const std::vector<float> values = random_floats(random, steps * batch * 2);
  std::vector<std::int32_t> classes = random.classes(steps * batch, 3);
  classes[0] = 1;
  std::unique_ptr<Model> model;
  GRU_CHECK_OK(Model::create(options, testing::test_device(), 3, model));
  const std::shared_ptr<Model> shared = std::move(model);
  std::vector<float> parameters(shared->layout().count());
  GRU_CHECK_OK(shared->read_parameters(parameters));

  const std::vector<double> exact_features = to_doubles(features);
  const std::vector<double> exact_values = to_doubles(values);
  const ReferenceBatch read{steps, batch, exact_features, {}, lengths};
  const ReferenceTarget wanted[] = {{{}, exact_values}, {classes}};
  ReferenceGraphGradients expected;
  GRU_CHECK_OK(
      reference_graph_gradients(options, to_doubles(parameters), {&read, 1}, wanted, {}, expected));

  std::unique_ptr<Trainer> trainer;
  GRU_CHECK_OK(Trainer::create(shared, {}, trainer));
  InputBatch input;
  input.shape = {steps, batch, lengths};
  input.features = features;
  const Target targets[] = {{{}, values}, {classes}};
  StepMetrics metrics;
  const TrainingBatch batched{{&input, 1}, targets};
  GRU_CHECK_OK(trainer->step({&batched, 1}, {}, metrics));
  GRU_CHECK_NEAR(metrics.loss, expected.loss, 1e-6);
  GRU_CHECK_NEAR(metrics.gradient_norm,
                 std::sqrt(testing::dot(expected.parameters, expected.parameters)), 1e-5);
  const std::span<const OutputMetrics> each = trainer->outputs();
  REQUIRE(each.size() == 2);
  CHECK(each[0].denominator == 8);
  double kept = 0;
  for (std::size_t row = 0; row < steps * batch; ++row) {
    const bool valid = static_cast<std::size_t>(lengths[row % batch]) > row / batch;
    if (valid && classes[row] != 2) ++kept;
  }
  CHECK(each[1].denominator == kept);
  CHECK(each[0].loss + each[1].loss == metrics.loss);
  CHECK(each[0].impossible.empty());
}

}  // namespace
}  // namespace gru
