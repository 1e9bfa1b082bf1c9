#pragma once

#include <array>
#include <span>

#include "cpu/products/product.h"

/// Products for the gradients of weights, c = a^T b: small results with long sums. Terms that share
/// factors are computed together, so that each part of a factor is packed once, while it is in the
/// cache.

namespace gru::cpu {

/// A factor [depth, columns] whose rows may be in several places.
class RightFactor {
 public:
  virtual ~RightFactor() = default;
  virtual std::size_t columns() const = 0;
  /// The rows from `row` on that are contiguous in memory.
  virtual DeviceMatrix<const float> rows_from(std::size_t row) const = 0;
};

/// A factor that is one matrix.
class MatrixFactor final : public RightFactor {
 public:
  explicit MatrixFactor(DeviceMatrix<const float> matrix) : matrix_(matrix) {}
  std::size_t columns() const override { return matrix_.columns(); }
  DeviceMatrix<const float> rows_from(std::size_t row) const override {
    return matrix_.row_range(row, matrix_.rows() - row);
  }

 private:
  DeviceMatrix<const float> matrix_;
};

/// c (+)= a[depth, columns]^T b[depth, :], where b is one of the factors.
struct TransposedTerm {
  Range columns;  ///< of a
  Range depth;    ///< not empty
  std::size_t factor;
  DeviceMatrix<float> c;  ///< [columns, columns of the factor]
  bool accumulate = false;
};

/// The end of the terms that follow terms[begin] and have the same columns.
std::size_t group_end(std::span<const TransposedTerm> terms, std::size_t begin);

inline constexpr std::size_t max_factors = 3;

struct TransposedProducts {
  DeviceMatrix<const float> a;
  std::span<const RightFactor* const> factors;  ///< at most max_factors, with as many rows as a
  std::span<const TransposedTerm> terms;        ///< terms with the same columns are neighbours
  /// Receives, at their indices in a, the sums over all rows of those columns that terms use:
  /// [columns of a], or null.
  float* column_sums = nullptr;
};

/// The floating-point operations of all terms.
double total_operations(const TransposedProducts& products);

/// The scratch memory of such products; reused.
struct TransposedScratch {
  std::array<AlignedBuffer, max_factors> factors;
  AlignedBuffer tiles;

  std::size_t bytes() const {
    std::size_t sum = tiles.bytes();
    for (const AlignedBuffer& factor : factors) sum += factor.bytes();
    return sum;
  }
};

/// multiply_transposed (gemm.h) by the engine's own tiles.
Status multiply_transposed_tiles(const TransposedProducts& products, TransposedScratch& scratch);

}  // namespace gru::cpu
