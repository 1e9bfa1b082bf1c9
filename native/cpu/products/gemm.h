#pragma once

#include "cpu/products/transposed_product.h"

/// The one place that decides which products the own tiles compute and which BLAS.

namespace gru::cpu {

/// Scratch of both; reused.
struct GemmScratch {
  PackedMatrix packed;
  TransposedScratch transposed;

  std::size_t bytes() const { return packed.data.bytes() + transposed.bytes(); }
};

/// A whole product on the pool.
Status multiply(const Gemm& product, GemmScratch& scratch);

/// Computes every term, on the pool. The bits do not depend on the number of threads. Fails with a
/// memory status alone.
Status multiply_transposed(const TransposedProducts& products, TransposedScratch& scratch);

}  // namespace gru::cpu
