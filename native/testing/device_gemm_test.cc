#include <algorithm>
#include <memory>
#include <vector>

#include "testing/device_testing.h"
#include "testing/host_memory_device.h"
#include "testing/test_device.h"

/// Products through the device: every transposition that the engine uses, and sizes for which it
/// uses several threads and BLAS.
namespace gru {
namespace {

using testing::coin;
using testing::GuardedMatrix;
using testing::Random;
using testing::random_floats;
using testing::random_matrix;
using testing::rounding;
using testing::same_bits;
using testing::view;

struct Size {
  std::size_t rows, depth, columns;
};

/// At most one of the two factors is transposed. A bias is only added if a is not.
struct Product {
  Transpose transpose_a, transpose_b;
  GuardedMatrix a, b, c;
  std::vector<float> bias;
  bool accumulate;

  Product(const Size& size, Transpose ta, Transpose tb, Random& random)
      : transpose_a(ta),
        transpose_b(tb),
        a(ta == Transpose::yes ? random_matrix(random, size.depth, size.rows)
                               : random_matrix(random, size.rows, size.depth)),
        b(tb == Transpose::yes ? random_matrix(random, size.columns, size.depth)
                               : random_matrix(random, size.depth, size.columns)),
        c(size.rows, size.columns),
        accumulate(coin(random)) {
    if (ta == Transpose::no && coin(random)) bias = random_floats(random, size.columns);
    if (accumulate) c.assign(random_floats(random, size.rows * size.columns));
  }

  Gemm call(GuardedMatrix& to) {
    Gemm gemm;
    gemm.transpose_a = transpose_a;
    gemm.transpose_b = transpose_b;
    gemm.a = view(a);
    gemm.b = view(b);
    gemm.c = view(to);
    gemm.bias = {bias.data(), bias.size()};
    gemm.accumulate = accumulate;
    return gemm;
  }
  std::size_t depth() { return transpose_b == Transpose::yes ? b.columns() : b.rows(); }
  double factor_a(std::size_t i, std::size_t k) {
    return static_cast<double>(transpose_a == Transpose::yes ? a.at(k, i) : a.at(i, k));
  }
  double factor_b(std::size_t k, std::size_t j) {
    return static_cast<double>(transpose_b == Transpose::yes ? b.at(j, k) : b.at(k, j));
  }

  void check_element(GuardedMatrix& got, std::size_t i, std::size_t j) {
    double sum = 0;
    double magnitude = 0;
    const auto add = [&](double term) {
      sum += term;
      magnitude += std::abs(term);
    };
    for (std::size_t k = 0; k < depth(); ++k) add(factor_a(i, k) * factor_b(k, j));
    if (!bias.empty()) add(static_cast<double>(bias[j]));
    if (accumulate) add(static_cast<double>(c.at(i, j)));
    const double bound = static_cast<double>(depth() + 3) * rounding * magnitude;
    GRU_CHECK_NEAR(static_cast<double>(got.at(i, j)), sum, bound);
  }

  /// Checks all elements, or in a large product every `step`-th.
  void check(Device& device, std::size_t step) {
    GuardedMatrix got = c;
    GRU_CHECK_OK(device.gemm(call(got)));
    CHECK(got.guards_hold());
    for (std::size_t index = 0; index < c.rows() * c.columns(); index += step) {
      check_element(got, index / c.columns(), index % c.columns());
    }
  }
};

constexpr struct {
  Transpose a, b;
} transpositions[] = {{Transpose::no, Transpose::no},
                      {Transpose::no, Transpose::yes},
                      {Transpose::yes, Transpose::no}};

TEST_CASE("products of all transpositions are products") {
  Random random;
  const auto device = testing::on_host_memory(testing::test_device());
  testing::set_schedule(2);
  for (const auto& transposed : transpositions) {
    for (int round = 0; round < 30; ++round) {
      const Size size{random.size(1, 40), random.size(1, 70), random.size(1, 100)};
      Product(size, transposed.a, transposed.b, random).check(*device, 1);
    }
  }
}

/// More rows than a BLAS block, more depth than the tiles', and panels for every thread.
TEST_CASE("large products are products") {
  Random random;
  const auto device = testing::on_host_memory(testing::test_device());
  testing::set_schedule(3);
  for (const auto& transposed : transpositions) {
    for (const Size& size : {Size{301, 90, 101}, Size{33, 1100, 75}, Size{5, 2050, 230}}) {
      Product(size, transposed.a, transposed.b, random).check(*device, 37);
    }
  }
}

TEST_CASE("bits of a product do not depend on the schedule") {
  Random random;
  const auto device = testing::on_host_memory(testing::test_device());
  for (const auto& transposed : transpositions) {
    for (const Size& size : {Size{301, 90, 101}, Size{20, 700, 110}}) {
      Product product(size, transposed.a, transposed.b, random);
      testing::set_schedule(1);
      GuardedMatrix alone = product.c;
      GRU_CHECK_OK(device->gemm(product.call(alone)));
      for (const unsigned schedule : {2U, 3U}) {
        testing::set_schedule(schedule);
        GuardedMatrix shared = product.c;
        GRU_CHECK_OK(device->gemm(product.call(shared)));
        CHECK(same_bits(shared.values(), alone.values()));
      }
    }
  }
}

/// What Gemm guarantees for products of the forward pass (with transposed weights).
TEST_CASE("bits of a row do not depend on the other rows") {
  Random random;
  const auto device = testing::on_host_memory(testing::test_device());
  testing::set_schedule(2);
  for (const Size& size : {Size{300, 90, 101}, Size{20, 30, 40}}) {
    Product product(size, Transpose::no, Transpose::yes, random);
    GuardedMatrix whole = product.c;
    GRU_CHECK_OK(device->gemm(product.call(whole)));
    for (std::size_t row = 0; row < size.rows; row += 7) {
      GuardedMatrix single = product.c;
      Gemm gemm = product.call(single);
      gemm.a = gemm.a.row_range(row, 1);
      gemm.c = gemm.c.row_range(row, 1);
      GRU_CHECK_OK(device->gemm(gemm));
      CHECK(same_bits({&single.at(row, 0), size.columns}, {&whole.at(row, 0), size.columns}));
    }
  }
}

/// A linear layer that loads the factor b of a product. Some rows of its input have large values.
struct LoadedProduct {
  Device& device;
  Product product;
  std::unique_ptr<LinearWeights> weights;

  LoadedProduct(Device& computes, const Size& size, Random& random)
      : device(computes), product(size, Transpose::no, Transpose::yes, random) {
    product.accumulate = false;
    for (std::size_t row = 1; row < size.rows; row += 3) {
      for (std::size_t k = 0; k < size.depth; ++k) product.a.at(row, k) *= 1000;
    }
    GRU_CHECK_OK(device.create_linear_weights(weights));
    load();
  }

  void load() { GRU_CHECK_OK(device.load_linear_weights(*weights, view(product.b))); }
  std::vector<float> by_gemm() {
    GuardedMatrix to(product.c.rows(), product.c.columns());
    GRU_CHECK_OK(device.gemm(product.call(to)));
    return to.values();
  }
  /// The whole result, computed `count` rows at a time.
  std::vector<float> by_rows(std::size_t count) {
    GuardedMatrix to(product.c.rows(), product.c.columns());
    const Gemm whole = product.call(to);
    for (std::size_t row = 0; row < to.rows(); row += count) {
      const std::size_t rows = std::min(count, to.rows() - row);
      GRU_CHECK_OK(device.linear_forward(
          *weights, {whole.a.row_range(row, rows), whole.bias, whole.c.row_range(row, rows)}));
    }
    CHECK(to.guards_hold());
    return to.values();
  }
};

/// Panels of every width, sums of several blocks, and weights that exceed a cache.
TEST_CASE("a linear layer has a product's bits, however many rows it computes at a time") {
  Random random;
  const auto device = testing::on_host_memory(testing::test_device());
  const Size sizes[] = {
      {30, random.size(1, 70), random.size(1, 300)}, {9, 1100, 75}, {9, 90, 3100}};
  for (const Size& size : sizes) {
    LoadedProduct loaded(*device, size, random);
    testing::set_schedule(1);
    const std::vector<float> expected = loaded.by_gemm();
    for (const unsigned schedule : {1U, 2U, 3U}) {
      testing::set_schedule(schedule);
      for (std::size_t count = 1; count <= 9; ++count) {
        CHECK(same_bits(loaded.by_rows(count), expected));
      }
      CHECK(same_bits(loaded.by_rows(size.rows), expected));
    }
  }
}

TEST_CASE("a linear layer computes with the weight of the last load") {
  Random random;
  const auto device = testing::on_host_memory(testing::test_device());
  testing::set_schedule(2);
  LoadedProduct loaded(*device, {random.size(1, 9), random.size(1, 70), random.size(1, 300)},
                       random);
  for (int round = 0; round < 3; ++round) {
    CHECK(same_bits(loaded.by_rows(2), loaded.by_gemm()));
    loaded.product.b.assign(
        random_floats(random, loaded.product.b.rows() * loaded.product.b.columns()));
    loaded.load();
  }
}

}  // namespace
}  // namespace gru
