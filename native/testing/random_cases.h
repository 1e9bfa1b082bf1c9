#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/status.h"
#include "testing/check_near.h"

/// Shared by the tests of the reference: random cases that can be replayed, and finite differences.
namespace gru::testing {

/// The seed of this run: GRU_NATIVE_TEST_SEED, or a new one. It is printed, so that a run can be
/// replayed.
inline std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("GRU_NATIVE_TEST_SEED");
    const std::uint64_t chosen =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
    std::printf("GRU_NATIVE_TEST_SEED=%llu\n", static_cast<unsigned long long>(chosen));
    return chosen;
  }();
  return seed;
}

/// Random values for one test case. Each case has its own generator.
class Random {
 public:
  Random() : generator_(test_seed()) {}

  /// An integer from `first` to `last`.
  std::size_t size(std::size_t first, std::size_t last) {
    return std::uniform_int_distribution<std::size_t>(first, last)(generator_);
  }
  /// Sizes at which code often fails: 1, odd ones, and an ordinary even one.
  std::size_t odd_size() {
    constexpr std::size_t sizes[] = {1, 2, 3, 5};
    return sizes[size(0, 3)];
  }
  std::vector<double> values(std::size_t count, double scale = 1) {
    std::normal_distribution<double> normal(0, scale);
    std::vector<double> made(count);
    for (double& value : made) value = normal(generator_);
    return made;
  }
  /// Integers from 0 to less than `bound`.
  std::vector<std::int32_t> classes(std::size_t count, std::size_t bound) {
    std::vector<std::int32_t> made(count);
    for (std::int32_t& value : made) value = static_cast<std::int32_t>(size(0, bound - 1));
    return made;
  }
  /// Lengths from 0 to `steps`. With at least two sequences, one length is 0 and one is `steps`.
  std::vector<std::int32_t> lengths(std::size_t batch, std::size_t steps) {
    std::vector<std::int32_t> made = classes(batch, steps + 1);
    if (batch >= 2) {
      made[0] = 0;
      made[1] = static_cast<std::int32_t>(steps);
      std::shuffle(made.begin(), made.end(), generator_);
    }
    return made;
  }

 private:
  std::mt19937_64 generator_;
};

/// Replaces a random share of the values, at most about three quarters, by NaN.
template <class T>
void drop_some(Random& random, std::vector<T>& values) {
  const std::size_t quarters = random.size(0, 3);
  for (T& value : values) {
    if (random.size(0, 3) < quarters) value = std::numeric_limits<T>::quiet_NaN();
  }
}

inline void check_ok(const char* file, int line, const Status& status) {
  if (status.is_ok()) return;
  ADD_FAIL_CHECK_AT(file, line, "expected ok, got: ", status.message());
}

/// The status must have `code`, and its message must contain `part`.
inline void check_refused(const char* file, int line, const Status& status, StatusCode code,
                          const std::string& part) {
  if (status.code() == code && status.message().find(part) != std::string::npos) return;
  ADD_FAIL_CHECK_AT(file, line, "expected a failure that says '", part,
                    "', got: ", status.message());
}

inline void check_all_near(const char* file, int line, const std::string& what,
                           std::span<const double> got, std::span<const double> expected,
                           double bound) {
  if (got.size() != expected.size()) {
    ADD_FAIL_CHECK_AT(file, line, what, ": expected ", expected.size(), " values, got ",
                      got.size());
    return;
  }
  for (std::size_t i = 0; i < got.size(); ++i) {
    const std::string element = what + "[" + std::to_string(i) + "]";
    if (!check_near(file, line, element.c_str(), got[i], expected[i], bound)) return;
  }
}

inline double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// (f(x + e) - f(x - e)) / 2e for every element x of `values`, which `loss()` reads.
template <class Loss>
std::vector<double> central_differences(std::vector<double>& values, Loss&& loss) {
  constexpr double e = 1e-5;
  std::vector<double> differences;
  for (double& value : values) {
    const double kept = value;
    value = kept + e;
    const double above = loss();
    value = kept - e;
    const double below = loss();
    value = kept;
    differences.push_back((above - below) / (2 * e));
  }
  return differences;
}

/// `gradient` must agree with finite differences of `loss()` in `values`. Their own error is about
/// 1e-10: the truncation e^2 f'''/6 and the rounding 1e-16 f/e, at e = 1e-5.
template <class Loss>
void check_gradient(const char* file, int line, const std::string& what,
                    std::vector<double>& values, std::span<const double> gradient, Loss&& loss) {
  const std::vector<double> expected = central_differences(values, loss);
  double largest = 1;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  check_all_near(file, line, what, gradient, expected, 1e-7 * largest);
}

}  // namespace gru::testing

#define GRU_CHECK_OK(status) ::gru::testing::check_ok(__FILE__, __LINE__, status)
#define GRU_CHECK_REFUSED(status, code, part) \
  ::gru::testing::check_refused(__FILE__, __LINE__, status, code, part)
#define GRU_CHECK_ALL_NEAR(what, got, expected, bound) \
  ::gru::testing::check_all_near(__FILE__, __LINE__, what, got, expected, bound)
#define GRU_CHECK_GRADIENT(what, values, gradient, loss) \
  ::gru::testing::check_gradient(__FILE__, __LINE__, what, values, gradient, loss)
