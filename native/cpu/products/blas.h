#pragma once

#include <cstddef>

namespace gru::cpu {

/// Row-major c [m, n] = op(a) op(b) (+ c), through CBLAS on the calling thread only.
struct BlasProduct {
  bool transpose_a;
  std::size_t m;
  std::size_t n;
  std::size_t k;
  const float* a;
  std::size_t a_stride;
  const float* b;
  std::size_t b_stride;
  float* c;
  std::size_t c_stride;
  bool accumulate;
};

/// Whether BLAS is linked.
bool can_use_blas();
/// Whether BLAS is linked and used: it is with the baseline kernels or GRU_NATIVE_BLAS=on, but
/// never with GRU_NATIVE_BLAS=off. Decided once.
bool has_blas();
/// Requires has_blas(). Sizes and strides are below 2^31.
void blas_multiply(const BlasProduct& product);

}  // namespace gru::cpu
