#include <bit>
#include <cmath>
#include <memory>
#include <vector>

#include "cuda/cuda_device.h"
#include "testing/device_testing.h"
#include "testing/host_memory_device.h"

/// Products in TF32 and bfloat16: exact if the inputs need no rounding, otherwise within the
/// inputs' rounding error.
namespace gru {
namespace {

using cuda::Precision;
using testing::GuardedMatrix;
using testing::Random;
using testing::view;

struct Format {
  Precision precision;
  int bits;  ///< of mantissa, without the hidden bit
};
constexpr Format formats[] = {{Precision::tf32, 10}, {Precision::bfloat16, 7}};

std::unique_ptr<Device> device_of(Precision precision) {
  std::unique_ptr<Device> device;
  GRU_CHECK_OK(cuda::create_device({0, precision}, device));
  return testing::on_host_memory(std::move(device));
}

struct Sizes {
  std::size_t rows, depth, columns;
};
constexpr Sizes all_sizes[] = {{1, 1, 1}, {17, 9, 65}, {70, 40, 33}, {5, 600, 130}};

struct Case {
  Transpose transpose_a, transpose_b;
};
constexpr Case cases[] = {{Transpose::no, Transpose::no},
                          {Transpose::no, Transpose::yes},
                          {Transpose::yes, Transpose::no}};

/// Computes a b for random values of `value()` and checks each element against a sum in double: the
/// error is at most bound * the sum of the terms' magnitudes.
template <class Value>
void check_products(const Format& format, double bound, const Value& value) {
  const auto device = device_of(format.precision);
  for (const Sizes& size : all_sizes) {
    for (const Case& each : cases) {
      const bool ta = each.transpose_a == Transpose::yes;
      const bool tb = each.transpose_b == Transpose::yes;
      GuardedMatrix a(ta ? size.depth : size.rows, ta ? size.rows : size.depth);
      GuardedMatrix b(tb ? size.columns : size.depth, tb ? size.depth : size.columns);
      for (GuardedMatrix* matrix : {&a, &b}) {
        for (std::size_t i = 0; i < matrix->rows(); ++i) {
          for (std::size_t j = 0; j < matrix->columns(); ++j) matrix->at(i, j) = value();
        }
      }
      GuardedMatrix c(size.rows, size.columns);
      Gemm gemm;
      gemm.transpose_a = each.transpose_a;
      gemm.transpose_b = each.transpose_b;
      gemm.a = view(a);
      gemm.b = view(b);
      gemm.c = view(c);
      GRU_CHECK_OK(device->gemm(gemm));
      CHECK(c.guards_hold());
      for (std::size_t i = 0; i < size.rows; ++i) {
        for (std::size_t j = 0; j < size.columns; ++j) {
          double sum = 0;
          double magnitude = 0;
          for (std::size_t k = 0; k < size.depth; ++k) {
            const double term = static_cast<double>(ta ? a.at(k, i) : a.at(i, k)) *
                                static_cast<double>(tb ? b.at(j, k) : b.at(k, j));
            sum += term;
            magnitude += std::abs(term);
          }
          GRU_CHECK_NEAR(static_cast<double>(c.at(i, j)), sum, bound * magnitude);
        }
      }
    }
  }
}

TEST_CASE("values that need no rounding have exact products") {
  Random random;
  for (const Format& format : formats) {
    // Small integers: products and sums are exact in float32 as well.
    check_products(format, 0, [&] { return static_cast<float>(random.size(0, 16)) - 8.0F; });
  }
}

TEST_CASE("products are as exact as their inputs") {
  Random random;
  for (const Format& format : formats) {
    const double half_unit = std::ldexp(1.0, -format.bits - 1);
    check_products(format, 2.1 * half_unit, [&] { return testing::random_floats(random, 1)[0]; });
  }
}

TEST_CASE("inputs are rounded to nearest") {
  for (const Format& format : formats) {
    const auto device = device_of(format.precision);
    const float unit = std::ldexp(1.0F, -format.bits);
    // Values just above and below the middle between two neighbouring values of the format.
    std::vector<float> a = {1 + 0.501F * unit, 1 + 0.499F * unit, -1 - 0.501F * unit, 1};
    std::vector<float> one = {1};
    std::vector<float> c(4);
    Gemm gemm;
    gemm.a = DeviceMatrix<const float>(a.data(), 4, 1, 1);
    gemm.b = DeviceMatrix<const float>(one.data(), 1, 1, 1);
    gemm.c = DeviceMatrix<float>(c.data(), 4, 1, 1);
    GRU_CHECK_OK(device->gemm(gemm));
    CHECK(c == std::vector<float>({1 + unit, 1, -1 - unit, 1}));
  }
}

TEST_CASE("NaN and infinity stay") {
  for (const Format& format : formats) {
    const auto device = device_of(format.precision);
    std::vector<float> a = {std::bit_cast<float>(0x7fffffffU), testing::infinity, 2};
    std::vector<float> one = {1};
    std::vector<float> c(3);
    Gemm gemm;
    gemm.a = DeviceMatrix<const float>(a.data(), 3, 1, 1);
    gemm.b = DeviceMatrix<const float>(one.data(), 1, 1, 1);
    gemm.c = DeviceMatrix<float>(c.data(), 3, 1, 1);
    GRU_CHECK_OK(device->gemm(gemm));
    CHECK(std::isnan(c[0]));
    CHECK(std::isinf(c[1]));
    CHECK(c[2] == 2);
  }
}

}  // namespace
}  // namespace gru
