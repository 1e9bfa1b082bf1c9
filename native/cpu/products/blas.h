#pragma once

#include <cstddef>

namespace gru::cpu {

/// Row-major c [m, n] = op(a) op(b) (+ c), through CBLAS on the calling thread alone.
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

/// True where BLAS is linked.
bool can_use_blas();
/// True where BLAS is linked and chosen: with the baseline kernels, or with GRU_NATIVE_BLAS=on;
/// never with GRU_NATIVE_BLAS=off. Decided once.
bool has_blas();
/// Only where has_blas(). Sizes and strides below 2^31.
void blas_multiply(const BlasProduct& product);

}  // namespace gru::cpu
