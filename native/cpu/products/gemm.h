#pragma once

#include "cpu/products/transposed_product.h"

/// The only place that decides which products BLAS computes, and which the engine's own tiles.

namespace gru::cpu {

/// Scratch memory of both; reused.
struct GemmScratch {
  PackedMatrix packed;
  TransposedScratch transposed;

  std::size_t bytes() const { return packed.data.bytes() + transposed.bytes(); }
};

/// Computes a whole product on the pool of threads.
Status multiply(const Gemm& product, GemmScratch& scratch);

/// Computes every term on the pool of threads. The bits do not depend on the number of threads.
/// Fails only if memory runs out.
Status multiply_transposed(const TransposedProducts& products, TransposedScratch& scratch);

}  // namespace gru::cpu
