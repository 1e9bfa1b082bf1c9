#include "cpu/products/blas.h"

#include <string_view>

#include "cpu/cpu_device.h"
#include "cpu/environment.h"
#include "cpu/isa.h"

#if defined(GRU_HAVE_CBLAS)
#include <cblas.h>
#endif

namespace gru::cpu {

#if defined(GRU_HAVE_CBLAS)

namespace {

/// Decides whether BLAS is used at all. The engine's own tiles are faster if they are compiled with
/// fused multiply-adds. Without them (the baseline kernels) an optimised BLAS is faster. The rule
/// looks only at names and never measures time, since the choice changes the last bits.
bool chosen() {
  const BlasChoice asked = asked_blas();
  if (asked == BlasChoice::on) return true;
  if (asked == BlasChoice::off) return false;
  return std::string_view(kernels().name) == "baseline";
}

bool start() {
  if (!chosen()) return false;
#if defined(GRU_HAVE_OPENBLAS)
  // Each thread of the pool calls BLAS for itself, so OpenBLAS must compute on the calling thread
  // only.
  openblas_set_num_threads(1);
#endif
  return true;
}

}  // namespace

bool can_use_blas() { return true; }

bool has_blas() {
  static const bool started = start();
  return started;
}

std::string blas_name() {
  if (!has_blas()) return "none";
#if defined(GRU_HAVE_OPENBLAS)
  const std::string config = openblas_get_config();  // "OpenBLAS 0.3.21 NO_LAPACKE ..."
  return config.substr(0, config.find(' ', config.find(' ') + 1));
#else
  return "CBLAS";
#endif
}

void blas_multiply(const BlasProduct& product) {
  const auto size = [](std::size_t value) { return static_cast<blasint>(value); };
  cblas_sgemm(CblasRowMajor, product.transpose_a ? CblasTrans : CblasNoTrans, CblasNoTrans,
              size(product.m), size(product.n), size(product.k), 1.0F, product.a,
              size(product.a_stride), product.b, size(product.b_stride),
              product.accumulate ? 1.0F : 0.0F, product.c, size(product.c_stride));
}

#else

bool can_use_blas() { return false; }

bool has_blas() { return false; }

std::string blas_name() { return "none"; }

void blas_multiply(const BlasProduct&) {}

#endif

}  // namespace gru::cpu
