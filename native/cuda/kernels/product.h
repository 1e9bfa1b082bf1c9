#pragma once

#include <cstddef>

#include "cuda/launch.h"
#include "cuda/plugin.h"
#include "cuda/scratch.h"
#include "device/device.h"

/// Matrix products by the project's own tiles. Sums are float32 in every precision.
///
/// Every element is summed over the depth in one order, whatever the tile that computes it; so a
/// row of a product depends on that row of a alone. Only products with a transposed split their
/// depth between blocks, into parts that their sizes decide.
namespace gru::cuda {

/// Where the columns of a matrix lie that leaves some out: from `first` on, `skipped` further.
struct ColumnGap {
  unsigned first = ~0U;
  unsigned skipped = 0;
};

/// A product whose a may have a gap: the rows of a reserve without r * h's part, say.
struct Product : Gemm {
  ColumnGap gap;

  std::size_t depth() const { return transpose_a == Transpose::yes ? a.rows() : a.columns(); }
};

/// Partial sums of products whose depth is split; reused from call to call.
struct ProductScratch {
  Scratch<float> parts;
};

Status multiply(const Queue& queue, ProductScratch& scratch, const Product& product,
                Precision precision);

/// c = a b^T + bias once more, in double, for the rows of a with a value beyond 16 in magnitude.
/// In float32, large terms that cancel would leave an error beyond the promised bounds. States and
/// scaled features are smaller, and never need it.
Status correct_large_rows(const Queue& queue, const Product& product);

}  // namespace gru::cuda
