#pragma once

#include <cstddef>

#include "cpu/aligned_buffer.h"
#include "cpu/isa.h"
#include "cpu/threads/threads.h"
#include "device/device.h"

/// Matrix products on a team of threads: which part each thread computes.

namespace gru::cpu {

/// The number of floats of a matrix [depth, columns] in the kernels' panels.
CheckedSize packed_size(std::size_t depth, std::size_t columns);

/// A matrix [depth, columns] in the kernels' panels.
struct PackedMatrix {
  AlignedBuffer data;
  std::size_t depth = 0;
  std::size_t columns = 0;

  /// Allocates the memory. pack_share fills it.
  Status shape(std::size_t new_depth, std::size_t new_columns);
};

/// Packs this thread's share of `b` [depth, columns], or of its transpose [columns, depth].
void pack_share(PackedMatrix& packed, const PackSource& b, Transpose transpose, unsigned index,
                unsigned parts);

PackSource source_of(DeviceMatrix<const float> matrix);

/// Where the rows of a product lie.
struct ProductRows {
  const float* a;
  std::size_t a_stride;
  float* c;
  std::size_t c_stride;
  std::size_t rows;
};

ProductRows rows_of(DeviceMatrix<const float> a, DeviceMatrix<float> c);

/// The part of a product with packed b that one thread computes.
struct ProductShare {
  Range rows;
  Range panels;
};
ProductShare share_of_product(std::size_t rows, const PackedMatrix& b, unsigned index,
                              unsigned parts);

/// What is added to a product, and the order of its panels, on which no bit depends.
struct ProductOptions {
  const float* bias = nullptr;  ///< [columns], or null
  bool accumulate = false;      ///< add to c
  bool descending = false;      ///< process the panels from the last to the first
};

/// Computes this thread's share of c = a b (+ c) (+ bias) with b packed. The bits of a row depend
/// on that row of a only.
void multiply_share(const ProductRows& rows, const PackedMatrix& b, const ProductOptions& options,
                    unsigned index, unsigned parts);

/// Computes this thread's share of c = a b + bias where a may have large values. Rows with a value
/// beyond 16 in magnitude are summed in double: in float32, large terms that cancel would leave an
/// error beyond the promised bounds. States and scaled features are smaller and do not need this.
void multiply_inputs_share(const ProductRows& rows, const PackedMatrix& b, const float* bias,
                           unsigned index, unsigned parts);

/// Computes a whole product on the pool of threads and packs b for it. a is not transposed (see
/// transposed_product.h).
Status multiply_packing(const Gemm& product, PackedMatrix& packed);

/// The floating-point operations of a product [m, k] [k, n].
double operations_of(std::size_t m, std::size_t n, std::size_t k);

/// Whether weights of this many bytes do not fit a core's second-level cache.
bool exceed_cache(std::size_t bytes);

/// The number of threads that are worth waking for this many floating-point operations.
unsigned threads_for(double operations);

}  // namespace gru::cpu
