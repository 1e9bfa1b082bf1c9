#pragma once

#include <array>
#include <span>

#include "cpu/products/product.h"

/// Products of the gradients of weights, c = a^T b: small results, deep sums. Several that share
/// their factors are computed together, so that each part of a factor is packed once, while it is
/// in the cache.

namespace gru::cpu {

/// A factor [depth, columns] whose rows may lie in several places.
class RightFactor {
 public:
  virtual ~RightFactor() = default;
  virtual std::size_t columns() const = 0;
  /// Rows from `row` on, as many as lie together.
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

/// c (+)= a[depth, columns]^T b[depth, :], b being one of the factors.
struct TransposedTerm {
  Range columns;  ///< of a
  Range depth;    ///< not empty
  std::size_t factor;
  DeviceMatrix<float> c;  ///< [columns, columns of the factor]
  bool accumulate = false;
};

/// One past the terms that follow terms[begin] and have its columns.
std::size_t group_end(std::span<const TransposedTerm> terms, std::size_t begin);

inline constexpr std::size_t max_factors = 3;

struct TransposedProducts {
  DeviceMatrix<const float> a;
  std::span<const RightFactor* const> factors;  ///< at most max_factors, of a's number of rows
  std::span<const TransposedTerm> terms;        ///< those of the same columns stand together
  /// Receives the sums of the terms' columns over all rows, each at its place in a, and of no
  /// others: [columns of a], or null.
  float* column_sums = nullptr;
};

/// Floating-point operations of all terms together.
double total_operations(const TransposedProducts& products);

/// Scratch of such products; reused.
struct TransposedScratch {
  std::array<AlignedBuffer, max_factors> factors;
  AlignedBuffer tiles;

  std::size_t bytes() const {
    std::size_t sum = tiles.bytes();
    for (const AlignedBuffer& factor : factors) sum += factor.bytes();
    return sum;
  }
};

/// multiply_transposed (gemm.h) on the own tiles.
Status multiply_transposed_tiles(const TransposedProducts& products, TransposedScratch& scratch);

}  // namespace gru::cpu
