#pragma once

#include "cpu/products/transposed_product.h"

namespace gru::cpu {

/// c = a b (+ c) through BLAS on the pool of threads; nothing is transposed, and there is no bias.
/// The BLAS calls, and so the bits, do not depend on the number of threads.
void multiply_blas(const Gemm& product);

/// multiply_transposed (gemm.h) through BLAS.
Status multiply_transposed_blas(const TransposedProducts& products, TransposedScratch& scratch);

}  // namespace gru::cpu
