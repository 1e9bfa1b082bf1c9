#pragma once

#include <cstddef>

#include "cuda/launch.h"
#include "cuda/plugin.h"
#include "cuda/scratch.h"
#include "device/device.h"

/// Matrix products by the project's own tiles. Sums are float32 in every precision.
///
/// Every element is summed over the depth in the same order, whatever tile computes it. So a row of
/// a product depends on that row of a only. Only products with a transposed divide their depth
/// among blocks; their sizes determine the parts.
namespace gru::cuda {

/// A matrix that skips some columns: those from `first` on are `skipped` columns further.
struct ColumnGap {
  unsigned first = ~0U;
  unsigned skipped = 0;
};

/// A product whose a may have a gap, for example the rows of a reserve without the part of r * h.
struct Product : Gemm {
  ColumnGap gap;

  std::size_t depth() const { return transpose_a == Transpose::yes ? a.rows() : a.columns(); }
};

/// The partial sums of products whose depth is divided. Later calls reuse the memory.
struct ProductScratch {
  Scratch<float> parts;
};

Status multiply(const Queue& queue, ProductScratch& scratch, const Product& product,
                Precision precision);

/// Computes c = a b^T + bias again in double, for the rows of a with a value beyond 16 in
/// magnitude. In float32, large terms that cancel would leave an error beyond the promised bounds.
/// States and scaled features are smaller and do not need this.
Status correct_large_rows(const Queue& queue, const Product& product);

}  // namespace gru::cuda
