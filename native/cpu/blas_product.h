#pragma once

#include "core/device.h"

namespace gru::cpu {

/// Which products BLAS gets, where it is chosen at all (has_blas): those of gradients, large enough
/// for its overhead. Products of the forward pass never go there, since BLAS may choose another
/// order of sums for another number of rows, and a sequence's result must not depend on its batch.
bool goes_to_blas(double operations);

/// c = op(a) b (+ c) through BLAS on the pool; b not transposed, no bias. The calls, and with them
/// the bits, do not depend on the number of threads.
void multiply_blas(const Gemm& product);

}  // namespace gru::cpu
