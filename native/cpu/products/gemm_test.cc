#include "cpu/products/gemm.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "cpu/cpu_device.h"
#include "testing/device_testing.h"

/// Products that share factors, with rows in separate memory and with parts of the depth, against
/// sums in double.
namespace gru::cpu {
namespace {

using gru::testing::coin;
using gru::testing::GuardedMatrix;
using gru::testing::Random;
using gru::testing::random_matrix;
using gru::testing::rounding;
using gru::testing::same_bits;
using gru::testing::view;

/// Rows in separate blocks of memory.
class Scattered final : public RightFactor {
 public:
  Scattered(Random& random, std::size_t depth, std::size_t columns) : columns_(columns) {
    for (std::size_t row = 0; row < depth;) {
      const std::size_t count = random.size(1, std::min<std::size_t>(depth - row, 300));
      first_.push_back(row);
      blocks_.push_back(random_matrix(random, count, columns));
      row += count;
    }
  }

  std::size_t columns() const override { return columns_; }
  DeviceMatrix<const float> rows_from(std::size_t row) const override {
    const std::size_t block = block_of(row);
    const std::size_t within = row - first_[block];
    const DeviceMatrix<const float> rows = view(blocks_[block]);
    return rows.row_range(within, rows.rows() - within);
  }
  double at(std::size_t row, std::size_t column) const {
    const DeviceMatrix<const float> rows = rows_from(row);
    return static_cast<double>(rows.data()[column]);
  }

 private:
  std::size_t block_of(std::size_t row) const {
    std::size_t block = 0;
    while (block + 1 < first_.size() && first_[block + 1] <= row) ++block;
    return block;
  }

  std::size_t columns_;
  std::vector<std::size_t> first_;
  mutable std::vector<GuardedMatrix> blocks_;
};

/// Three groups of columns. The first one is multiplied by both factors, each of the others by one.
struct Example {
  std::size_t depth, width;
  GuardedMatrix a;
  std::vector<Scattered> factors;
  std::vector<TransposedTerm> terms;
  std::vector<GuardedMatrix> before;

  explicit Example(Random& random)
      : depth(coin(random) ? random.size(1, 60) : random.size(500, 1300)),
        width(coin(random) ? random.size(1, 30) : random.size(100, 300)),
        a(random_matrix(random, depth, 3 * width + 2)) {
    for (int i = 0; i < 2; ++i) factors.emplace_back(random, depth, random.size(1, 120));
    for (const auto& [group, factor] : {std::pair{0, 0}, {0, 1}, {1, 0}, {2, 1}}) {
      add_term(random, static_cast<std::size_t>(group), static_cast<std::size_t>(factor));
    }
  }

  void add_term(Random& random, std::size_t group, std::size_t factor) {
    TransposedTerm term;
    term.columns = {group * width, (group + 1) * width};
    term.depth.begin = coin(random) ? 0 : random.size(0, depth - 1);
    term.depth.end = coin(random) ? depth : random.size(term.depth.begin + 1, depth);
    term.factor = factor;
    term.accumulate = coin(random);
    terms.push_back(term);
    before.push_back(random_matrix(random, width, factors[factor].columns()));
  }

  struct Results {
    std::vector<GuardedMatrix> c;
    std::vector<float> sums;
  };

  Results run(unsigned threads) {
    Results results{before, std::vector<float>(a.columns(), -1.0F)};
    for (std::size_t i = 0; i < terms.size(); ++i) terms[i].c = view(results.c[i]);
    const std::array<const RightFactor*, 2> all{&factors[0], &factors[1]};
    GRU_CHECK_OK(set_threads(threads));
    TransposedScratch scratch;
    GRU_CHECK_OK(
        multiply_transposed(TransposedProducts{view(a), all, terms, results.sums.data()}, scratch));
    return results;
  }

  void check_element(Results& results, std::size_t term, std::size_t i, std::size_t j) {
    const TransposedTerm& product = terms[term];
    double sum = 0;
    double magnitude = 0;
    const auto add = [&](double value) {
      sum += value;
      magnitude += std::abs(value);
    };
    if (product.accumulate) add(static_cast<double>(before[term].at(i, j)));
    for (std::size_t k = product.depth.begin; k < product.depth.end; ++k) {
      add(static_cast<double>(a.at(k, product.columns.begin + i)) *
          factors[product.factor].at(k, j));
    }
    const double bound = static_cast<double>(depth + 3) * rounding * magnitude;
    GRU_CHECK_NEAR(static_cast<double>(results.c[term].at(i, j)), sum, bound);
  }

  void check_sums(const Results& results) {
    for (std::size_t j = 0; j < 3 * width; ++j) {
      double sum = 0;
      double magnitude = 0;
      for (std::size_t k = 0; k < depth; ++k) {
        sum += static_cast<double>(a.at(k, j));
        magnitude += std::abs(static_cast<double>(a.at(k, j)));
      }
      const double bound = static_cast<double>(depth) * rounding * magnitude;
      GRU_CHECK_NEAR(static_cast<double>(results.sums[j]), sum, bound);
    }
    for (std::size_t j = 3 * width; j < a.columns(); ++j) CHECK(results.sums[j] == -1.0F);
  }

  /// Checks every `step`-th element of each term's result.
  void check(Results& results, std::size_t step) {
    for (std::size_t term = 0; term < terms.size(); ++term) {
      CHECK(results.c[term].guards_hold());
      const std::size_t columns = results.c[term].columns();
      for (std::size_t index = 0; index < width * columns; index += step) {
        check_element(results, term, index / columns, index % columns);
      }
    }
    check_sums(results);
  }
};

TEST_CASE("joint products are products of the named columns and rows") {
  Random random;
  for (int round = 0; round < 12; ++round) {
    Example example(random);
    Example::Results results = example.run(1 + static_cast<unsigned>(round) % 3);
    example.check(results, example.depth > 100 ? 97 : 1);
  }
}

TEST_CASE("bits of joint products do not depend on the threads") {
  Random random;
  for (int round = 0; round < 6; ++round) {
    Example example(random);
    Example::Results alone = example.run(1);
    for (const unsigned threads : {2U, 3U}) {
      Example::Results shared = example.run(threads);
      for (std::size_t i = 0; i < alone.c.size(); ++i) {
        CHECK(same_bits(shared.c[i].values(), alone.c[i].values()));
      }
      CHECK(same_bits(shared.sums, alone.sums));
    }
  }
}

}  // namespace
}  // namespace gru::cpu
