#include <cuda_runtime.h>
#include <dlfcn.h>

#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "cuda/cuda_device.h"
#include "cuda/testing/fake_cublas.h"
#include "testing/engine_testing.h"
#include "testing/host_memory_device.h"

/// Which products go to cuBLAS, with which arguments, and what happens if it fails. A library of
/// the test replaces cuBLAS.
namespace gru {
namespace {

using testing::FakeCublas;
using testing::FakeGemm;
using testing::GuardedMatrix;
using testing::Random;
using testing::view;

std::vector<FakeGemm>& calls() {
  static std::vector<FakeGemm> all;
  return all;
}

std::vector<float> fetch(const float* from, std::size_t count) {
  std::vector<float> values(count);
  CHECK(cudaMemcpy(values.data(), from, count * sizeof(float), cudaMemcpyDeviceToHost) ==
        cudaSuccess);
  return values;
}

/// The number of elements of a column-major matrix without a gap after its last column.
std::size_t extent(int rows, int columns, int stride) {
  return static_cast<std::size_t>(stride) * static_cast<std::size_t>(columns - 1) +
         static_cast<std::size_t>(rows);
}

/// c = op(a) op(b) + beta c, column-major, as cuBLAS documents it.
void multiply_by_columns(const FakeGemm& g) {
  calls().push_back(g);
  CHECK(cudaStreamSynchronize(g.stream) == cudaSuccess);
  const bool ta = g.transpose_a != 0;
  const bool tb = g.transpose_b != 0;
  const std::vector<float> a = fetch(g.a, ta ? extent(g.k, g.m, g.lda) : extent(g.m, g.k, g.lda));
  const std::vector<float> b = fetch(g.b, tb ? extent(g.n, g.k, g.ldb) : extent(g.k, g.n, g.ldb));
  std::vector<float> c = fetch(g.c, extent(g.m, g.n, g.ldc));
  const auto at = [](const std::vector<float>& of, int row, int column, int stride) {
    return static_cast<double>(of[static_cast<std::size_t>(column * stride + row)]);
  };
  for (int i = 0; i < g.m; ++i) {
    for (int j = 0; j < g.n; ++j) {
      float& to = c[static_cast<std::size_t>(j * g.ldc + i)];
      double sum = g.beta == 0 ? 0 : static_cast<double>(g.beta) * static_cast<double>(to);
      for (int k = 0; k < g.k; ++k) {
        sum += (ta ? at(a, k, i, g.lda) : at(a, i, k, g.lda)) *
               (tb ? at(b, j, k, g.ldb) : at(b, k, j, g.ldb));
      }
      to = static_cast<float>(sum);
    }
  }
  CHECK(cudaMemcpy(g.c, c.data(), c.size() * sizeof(float), cudaMemcpyHostToDevice) == cudaSuccess);
}

/// The library, opened in the same way as the device opens it.
FakeCublas& fake() {
  static FakeCublas* const found = [] {
    setenv("GRU_NATIVE_CUBLAS", GRU_FAKE_CUBLAS, 1);
    void* library = dlopen(GRU_FAKE_CUBLAS, RTLD_NOW);
    const auto get = reinterpret_cast<FakeCublas* (*)()>(dlsym(library, "gru_fake_cublas"));
    get()->gemm = multiply_by_columns;
    return get();
  }();
  return *found;
}

/// Products of each kind with at least 10^7 operations; `columns` is odd.
struct Large {
  GuardedMatrix a, b, c;
  Gemm gemm;

  Large(Transpose ta, Transpose tb, Random& random)
      : a(ta == Transpose::yes ? testing::random_matrix(random, 500, 150)
                               : testing::random_matrix(random, 150, 500)),
        b(tb == Transpose::yes ? testing::random_matrix(random, 77, 500)
                               : testing::random_matrix(random, 500, 77)),
        c(testing::random_matrix(random, 150, 77)) {
    gemm.transpose_a = ta;
    gemm.transpose_b = tb;
    gemm.a = view(a);
    gemm.b = view(b);
    gemm.c = view(c);
  }
};

std::unique_ptr<Device> device_of(cuda::Precision precision) {
  std::unique_ptr<Device> device;
  GRU_CHECK_OK(cuda::create_device({0, precision}, device));
  return testing::on_host_memory(std::move(device));
}

TEST_CASE("large gradients go to the library and agree with the tiles") {
  Random random;
  fake();
  for (const bool accumulate : {false, true}) {
    Large by_library(Transpose::yes, Transpose::no, random);
    by_library.gemm.accumulate = accumulate;
    Large by_tiles = by_library;
    by_tiles.gemm.a = view(by_tiles.a);
    by_tiles.gemm.b = view(by_tiles.b);
    by_tiles.gemm.c = view(by_tiles.c);
    calls().clear();
    GRU_CHECK_OK(device_of({})->gemm(by_library.gemm));
    REQUIRE(calls().size() == 1);
    CHECK(calls()[0].compute_type == 68);
    fake().create_status = 1;
    GRU_CHECK_OK(device_of({})->gemm(by_tiles.gemm));
    fake().create_status = 0;
    CHECK(calls().size() == 1);
    CHECK(by_library.c.guards_hold());
    GRU_CHECK_ALL_NEAR("c", testing::to_doubles(by_library.c.values()),
                       testing::to_doubles(by_tiles.c.values()), 1e-3);
  }
  CHECK(fake().created == fake().destroyed);
  CHECK(fake().created == 2);
}

TEST_CASE("forward products and small ones do not") {
  Random random;
  fake();
  calls().clear();
  const auto device = device_of({});
  for (const Transpose tb : {Transpose::no, Transpose::yes}) {
    Large large(Transpose::no, tb, random);
    GRU_CHECK_OK(device->gemm(large.gemm));
  }
  Large small(Transpose::yes, Transpose::no, random);
  small.gemm.a = small.gemm.a.row_range(0, 300);
  small.gemm.b = small.gemm.b.row_range(0, 300);
  GRU_CHECK_OK(device->gemm(small.gemm));
  CHECK(calls().empty());
}

TEST_CASE("precisions are the library's computation types") {
  Random random;
  fake();
  calls().clear();
  for (const auto& [precision, type] :
       {std::pair{cuda::Precision::tf32, 77}, std::pair{cuda::Precision::bfloat16, 75}}) {
    Large large(Transpose::yes, Transpose::no, random);
    GRU_CHECK_OK(device_of(precision)->gemm(large.gemm));
    REQUIRE(!calls().empty());
    CHECK(calls().back().compute_type == type);
  }
}

/// The product for the gradient of U skips one gate of each row: the library computes it as two
/// products.
TEST_CASE("a layer's gradients are the same with the library") {
  Random random;
  fake();
  for (const ResetGate reset : {ResetGate::after, ResetGate::before}) {
    testing::Example example;
    example.options.input_size = 60;
    example.options.hidden_size = 64;
    example.options.variant.reset = reset;
    example.steps = 30;
    example.batch = 30;
    testing::fill_for_engine(example, random);
    calls().clear();
    const testing::EngineResults by_library = testing::EngineExample(example, 1).run();
    // The products are dx, dW, and dU in two parts. The part of U_n alone is too small for the
    // library.
    const std::size_t expected = reset == ResetGate::after ? 4 : 3;
    CHECK(calls().size() == expected);
    fake().create_status = 1;
    const testing::EngineResults by_tiles = testing::EngineExample(example, 1).run();
    fake().create_status = 0;
    CHECK(calls().size() == expected);
    GRU_CHECK_ALL_NEAR("parameters", testing::to_doubles(by_library.parameters),
                       testing::to_doubles(by_tiles.parameters), 1e-3);
    GRU_CHECK_ALL_NEAR("d_input", testing::to_doubles(by_library.d_input),
                       testing::to_doubles(by_tiles.d_input), 1e-4);
  }
}

TEST_CASE("a failing product is a device status") {
  Random random;
  fake().gemm_status = 13;
  Large large(Transpose::yes, Transpose::no, random);
  GRU_CHECK_REFUSED(device_of({})->gemm(large.gemm), StatusCode::device,
                    "cublasGemmEx failed on cuda:0 with status 13");
  fake().gemm_status = 0;
}

}  // namespace
}  // namespace gru
