#include "cpu/blas.h"

#include <cstdlib>
#include <string_view>

#include "cpu/cpu_device.h"

#if defined(GRU_HAVE_CBLAS)
#include <cblas.h>

// OpenBLAS has threads of its own; the engine's pool gives each of its threads one call at a time, so
// OpenBLAS must keep to the calling thread. Another CBLAS has no such function: hence weak.
extern "C" {
__attribute__((weak)) void openblas_set_num_threads(int count);
__attribute__((weak)) char* openblas_get_config(void);
}
#endif

namespace gru::cpu {

namespace {

bool wanted() {
  const char* choice = std::getenv("GRU_NATIVE_BLAS");
  return choice == nullptr || std::string_view(choice) != "off";
}

}  // namespace

#if defined(GRU_HAVE_CBLAS)

namespace {

bool start() {
  if (!wanted()) return false;
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
  return true;
}

}  // namespace

bool has_blas() {
  static const bool started = start();
  return started;
}

std::string blas_name() {
  if (!has_blas()) return "none";
  if (openblas_get_config == nullptr) return "CBLAS";
  const std::string config = openblas_get_config();  // "OpenBLAS 0.3.21 NO_LAPACKE ..."
  return config.substr(0, config.find(' ', config.find(' ') + 1));
}

void blas_multiply(const BlasProduct& product) {
  const auto size = [](std::size_t value) { return static_cast<blasint>(value); };
  cblas_sgemm(CblasRowMajor, product.transpose_a ? CblasTrans : CblasNoTrans, CblasNoTrans,
              size(product.m), size(product.n), size(product.k), 1.0F, product.a,
              size(product.a_stride), product.b, size(product.b_stride),
              product.accumulate ? 1.0F : 0.0F, product.c, size(product.c_stride));
}

#else

bool has_blas() { return false; }

std::string blas_name() {
  static_cast<void>(wanted);
  return "none";
}

void blas_multiply(const BlasProduct&) {}

#endif

}  // namespace gru::cpu
