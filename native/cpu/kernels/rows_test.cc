#include <vector>

#include "cpu/kernels/testing.h"
#include "reference/losses.h"

/// Sums, norms, bounds and losses of every instruction set.
namespace gru::cpu {
namespace {

using testing::for_each_table;
using testing::GuardedMatrix;
using testing::infinity;
using testing::nan_float;
using testing::Random;
using testing::random_floats;
using testing::random_matrix;
using testing::rounding;
using testing::same_bits;
using testing::source_of;
using testing::to_doubles;

TEST_CASE("column sums are added whatever the cut") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (int round = 0; round < 30; ++round) {
      GuardedMatrix from = random_matrix(random, random.size(0, 300), random.size(1, 70), 1);
      GuardedMatrix before = random_matrix(random, 1, from.columns());
      GuardedMatrix whole = before;
      GuardedMatrix cut = before;
      const std::size_t at = random.size(0, from.columns());
      table.column_sums(source_of(from), whole.data(), 0, from.columns());
      table.column_sums(source_of(from), cut.data(), 0, at);
      for (std::size_t j = at; j < from.columns(); ++j) CHECK(cut.at(0, j) == before.at(0, j));
      table.column_sums(source_of(from), cut.data(), at, from.columns());
      CHECK(whole.guards_hold());
      CHECK(cut.guards_hold());
      CHECK(same_bits(whole.values(), cut.values()));
      for (std::size_t j = 0; j < from.columns(); ++j) {
        auto sum = static_cast<double>(before.at(0, j));
        double magnitude = std::abs(sum);
        for (std::size_t i = 0; i < from.rows(); ++i) {
          sum += static_cast<double>(from.at(i, j));
          magnitude += std::abs(static_cast<double>(from.at(i, j)));
        }
        const double bound = static_cast<double>(from.rows() + 1) * rounding * magnitude;
        GRU_CHECK_NEAR(static_cast<double>(whole.at(0, j)), sum, bound);
      }
    }
  });
}

TEST_CASE("the largest magnitude is found wherever it stands") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (std::size_t count = 1; count < 70; ++count) {
      std::vector<float> values = random_floats(random, count);
      float expected = 0;
      for (const float value : values) expected = std::max(expected, std::abs(value));
      CHECK(table.largest_magnitude(values.data(), count) == expected);
      const std::size_t index = random.size(0, count - 1);
      values[index] = -5000.0F;
      CHECK(table.largest_magnitude(values.data(), count) == 5000.0F);
      values[index] = -infinity;
      CHECK(table.largest_magnitude(values.data(), count) == infinity);
    }
    CHECK(table.largest_magnitude(nullptr, 0) == 0);
    const float with_nan[] = {1, nan_float, 3, nan_float};
    CHECK(table.largest_magnitude(with_nan, 4) == 3);
  });
}

TEST_CASE("sums of squares are exact to double") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (std::size_t count = 0; count < 40; ++count) {
      const std::vector<float> values = random_floats(random, count, 1e10);
      const std::vector<double> exact = to_doubles(values);
      const double expected = testing::dot(exact, exact);
      GRU_CHECK_NEAR(table.sum_of_squares(values.data(), count), expected, 1e-14 * expected);
    }
    for (std::size_t index = 0; index < 11; ++index) {
      std::vector<float> values(11, 1.0F);
      values[index] = nan_float;
      CHECK(std::isnan(table.sum_of_squares(values.data(), values.size())));
    }
  });
}

TEST_CASE("lerp is elementwise and leaves what is equal") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (std::size_t count = 0; count < 70; ++count) {
      GuardedMatrix to = random_matrix(random, 1, count + 1);
      GuardedMatrix from = random_matrix(random, 1, count + 1);
      from.at(0, count) = to.at(0, count);
      GuardedMatrix before = to;
      table.lerp(to.data(), from.data(), count + 1, 0.001F);
      CHECK(to.guards_hold());
      CHECK(to.at(0, count) == before.at(0, count));
      for (std::size_t i = 0; i < count; ++i) {
        const auto start = static_cast<double>(before.at(0, i));
        const auto end = static_cast<double>(from.at(0, i));
        const double expected = start + static_cast<double>(0.001F) * (end - start);
        GRU_CHECK_NEAR(static_cast<double>(to.at(0, i)), expected,
                       2 * rounding * (std::abs(start) + std::abs(end)));
      }
    }
  });
}

TEST_CASE("scale and clamp are elementwise and NaN stays") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (std::size_t count = 0; count < 70; ++count) {
      GuardedMatrix values = random_matrix(random, 1, std::max<std::size_t>(1, count), 2);
      for (const float special : {infinity, -infinity, nan_float}) {
        if (count > 0) values.at(0, random.size(0, count - 1)) = special;
      }
      const std::vector<float> before = values.values();
      GuardedMatrix scaled = values;
      table.clamp(values.data(), count, 0.75F);
      table.scale(scaled.data(), count, -1.5F);
      CHECK(values.guards_hold());
      CHECK(scaled.guards_hold());
      for (std::size_t i = 0; i < count; ++i) {
        if (std::isnan(before[i])) {
          CHECK(std::isnan(values.at(0, i)));
          CHECK(std::isnan(scaled.at(0, i)));
        } else {
          CHECK(values.at(0, i) == std::max(-0.75F, std::min(0.75F, before[i])));
          CHECK(scaled.at(0, i) == before[i] * -1.5F);
        }
      }
    }
  });
}

TEST_CASE("squared error agrees with the reference") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (std::size_t count = 1; count < 70; ++count) {
      const std::vector<float> values = random_floats(random, count);
      const std::vector<float> targets = random_floats(random, count);
      ReferenceLoss expected;
      GRU_CHECK_OK(reference_loss({LossKind::mean_squared_error}, {1, count}, to_doubles(values),
                                  {{}, to_doubles(targets)}, expected));
      GuardedMatrix gradient(1, count);
      const double mean = 1 / static_cast<double>(count);
      ValueRange range{};
      range.values = values.data();
      range.targets = targets.data();
      range.d_values = gradient.data();
      range.count = count;
      range.scale = static_cast<float>(2 * mean);
      const double loss = table.squared_error(0, range);
      CHECK(gradient.guards_hold());
      GRU_CHECK_NEAR(loss * mean, expected.loss, 1e-6 * expected.loss);
      GRU_CHECK_ALL_NEAR("gradient", to_doubles(gradient.values()), expected.gradient, 1e-6);
      // Once more without the gradient, and in two ranges.
      const std::size_t first = random.size(0, count);
      range.d_values = nullptr;
      range.count = first;
      const double begun = table.squared_error(0, range);
      range.values += first;
      range.targets += first;
      range.count = count - first;
      CHECK(loss == table.squared_error(begun, range));
    }
    const float nan_or_infinite[] = {nan_float, infinity};
    const float zeros[] = {0, 0};
    float gradient[2];
    ValueRange range{};
    range.values = nan_or_infinite;
    range.targets = zeros;
    range.d_values = gradient;
    range.count = 2;
    range.scale = 1;
    CHECK(std::isnan(table.squared_error(0, range)));
    CHECK(std::isnan(gradient[0]));
    CHECK(gradient[1] == infinity);
  });
}

/// Logits and targets, with the kernel's results for them.
struct CrossEntropy {
  GuardedMatrix logits;
  std::vector<std::int32_t> targets;

  double loss(const Kernels& table, GuardedMatrix* gradient) {
    const double rows = static_cast<double>(logits.rows());
    CrossEntropyRows call{};
    call.logits = logits.data();
    call.stride = logits.stride();
    call.rows = logits.rows();
    call.classes = logits.columns();
    call.targets = targets.data();
    call.d_logits = gradient == nullptr ? nullptr : gradient->data();
    call.d_stride = gradient == nullptr ? 0 : gradient->stride();
    call.scale = static_cast<float>(1 / rows);
    return table.cross_entropy(call) / rows;
  }

  void check(const Kernels& table) {
    ReferenceLoss expected;
    GRU_CHECK_OK(reference_loss({LossKind::cross_entropy}, {logits.rows(), logits.columns()},
                                to_doubles(logits.values()), {targets}, expected));
    GuardedMatrix gradient(logits.rows(), logits.columns());
    const double got = loss(table, &gradient);
    CHECK(gradient.guards_hold());
    GRU_CHECK_NEAR(got, expected.loss, 1e-6 * std::max(1.0, expected.loss));
    GRU_CHECK_ALL_NEAR("gradient", to_doubles(gradient.values()), expected.gradient,
                       1e-6 / static_cast<double>(logits.rows()));
    CHECK((loss(table, nullptr) == got || std::isnan(got)));
    CrossEntropy in_place = *this;  // the gradient may go where the logits are
    in_place.loss(table, &in_place.logits);
    CHECK(same_bits(in_place.logits.values(), gradient.values()));
  }
};

TEST_CASE("cross entropy agrees with the reference") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (const double scale : {1.0, 30.0, 1e4, 1e30}) {
      for (int round = 0; round < 15; ++round) {
        const std::size_t classes = random.size(1, 70);
        const std::size_t rows = random.size(1, 5);
        CrossEntropy example{random_matrix(random, rows, classes, scale),
                             random.classes(rows, classes)};
        example.check(table);
      }
    }
  });
}

TEST_CASE("cross entropy of extreme logits is what PyTorch says") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (const std::size_t classes : {std::size_t{2}, std::size_t{5}, std::size_t{40}}) {
      const auto example = [&](float special, std::size_t index) {
        CrossEntropy made{random_matrix(random, 2, classes, 1), {1, 1}};
        made.logits.at(0, index) = special;
        return made;
      };
      // A class with a logit of minus infinity costs nothing, but it must not be the target.
      example(-infinity, 0).check(table);
      CHECK(example(-infinity, 1).loss(table, nullptr) == static_cast<double>(infinity));
      for (const float special : {infinity, nan_float}) {
        for (std::size_t index = 0; index < classes; ++index) {
          CrossEntropy wrong = example(special, index);
          CrossEntropy right = wrong;
          right.logits.at(0, index) = 0;
          GuardedMatrix gradient(2, classes);
          GuardedMatrix right_gradient(2, classes);
          CHECK(std::isnan(wrong.loss(table, &gradient)));
          CHECK(!std::isnan(right.loss(table, &right_gradient)));
          for (std::size_t j = 0; j < classes; ++j) {
            CHECK((std::isnan(gradient.at(0, j)) || special == infinity));
            CHECK(gradient.at(1, j) == right_gradient.at(1, j));
          }
          CHECK(std::isnan(gradient.at(0, index)));
        }
      }
    }
  });
}

}  // namespace
}  // namespace gru::cpu
