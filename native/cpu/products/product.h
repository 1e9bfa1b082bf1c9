#pragma once

#include <cstddef>

#include "cpu/aligned_buffer.h"
#include "cpu/isa.h"
#include "cpu/threads/threads.h"
#include "device/device.h"

/// Matrix products on the team's threads: which part each computes.

namespace gru::cpu {

/// Floats of a matrix [depth, columns] in the kernels' panels.
CheckedSize packed_size(std::size_t depth, std::size_t columns);

/// A matrix [depth, columns] in the kernels' panels.
struct PackedMatrix {
  AlignedBuffer data;
  std::size_t depth = 0;
  std::size_t columns = 0;

  /// Makes room; the contents follow by pack_share.
  Status shape(std::size_t new_depth, std::size_t new_columns);
};

/// This thread's share of packing `b` [depth, columns] (or its transpose [columns, depth]).
void pack_share(PackedMatrix& packed, const PackSource& b, Transpose transpose, unsigned index,
                unsigned parts);

/// Where the rows of a product lie.
struct ProductRows {
  const float* a;
  std::size_t a_stride;
  float* c;
  std::size_t c_stride;
  std::size_t rows;
};

/// The part of a product with packed b that one thread computes.
struct ProductShare {
  Range rows;
  Range panels;
};
ProductShare share_of_product(std::size_t rows, const PackedMatrix& b, unsigned index,
                              unsigned parts);

/// This thread's share of c = a b (+ c) (+ bias) with b packed. Each row's bits depend on that row
/// alone.
void multiply_share(const ProductRows& rows, const PackedMatrix& b, const float* bias,
                    bool accumulate, unsigned index, unsigned parts);

/// This thread's share of c = a b + bias for a whose values may be large: rows that hold any beyond
/// 16 in magnitude are summed in double. In float32, large terms that cancel would leave an error
/// beyond the promised bounds. States and scaled features are smaller, and never need it.
void multiply_inputs_share(const ProductRows& rows, const PackedMatrix& b, const float* bias,
                           unsigned index, unsigned parts);

/// A whole product on the pool, a not transposed (see transposed_product.h), with b packed here and
/// now.
Status multiply_packing(const Gemm& product, PackedMatrix& packed);

/// Floating-point operations of a product [m, k] [k, n].
double operations_of(std::size_t m, std::size_t n, std::size_t k);

/// True where weights of so many bytes do not stay in a core's second cache.
bool exceed_cache(std::size_t bytes);

/// Threads that `operations` floating-point operations are worth waking.
unsigned threads_for(double operations);

}  // namespace gru::cpu
