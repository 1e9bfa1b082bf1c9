#pragma once

#include "cpu/transposed_product.h"

namespace gru::cpu {

/// Whether products of gradients that take so many operations go to BLAS: where it is chosen at all
/// (has_blas), and they are worth its overhead. Products of the forward pass never go there, since
/// BLAS may choose another order of sums for another number of rows, and a sequence's result must
/// not depend on its batch.
bool goes_to_blas(double operations);

/// c = a b (+ c) through BLAS on the pool; nothing transposed, no bias. The calls, and with them
/// the bits, do not depend on the number of threads.
void multiply_blas(const Gemm& product);

/// multiply_transposed through BLAS.
Status multiply_transposed_blas(const TransposedProducts& products, TransposedScratch& scratch);

}  // namespace gru::cpu
