#pragma once

#include "cpu/products/transposed_product.h"

namespace gru::cpu {

/// c = a b (+ c) through BLAS on the pool; nothing transposed, no bias. The calls, and with them
/// the bits, do not depend on the number of threads.
void multiply_blas(const Gemm& product);

/// multiply_transposed (gemm.h) through BLAS.
Status multiply_transposed_blas(const TransposedProducts& products, TransposedScratch& scratch);

}  // namespace gru::cpu
