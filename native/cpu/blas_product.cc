#include "cpu/blas_product.h"

#include <algorithm>

#include "cpu/blas.h"
#include "cpu/product.h"

namespace gru::cpu {

namespace {

/// Rows of a result that one BLAS call computes.
constexpr std::size_t blas_rows = 256;
/// From here on a product is worth BLAS's own packing.
constexpr double blas_operations = 4e6;

}  // namespace

bool goes_to_blas(double operations) { return has_blas() && operations >= blas_operations; }

void multiply_blas(const Gemm& product) {
  const bool transposed = product.transpose_a == Transpose::yes;
  const std::size_t depth = product.b.rows();
  const std::size_t blocks = (product.c.rows() + blas_rows - 1) / blas_rows;
  const double operations = operations_of(product.c.rows(), product.c.columns(), depth);
  parallel(threads_for(operations), [&](unsigned index, Team& team) {
    const Range mine = share_of(blocks, index, team.size());
    for (std::size_t block = mine.begin; block < mine.end; ++block) {
      const std::size_t row = block * blas_rows;
      const float* a = product.a.data() + (transposed ? row : row * product.a.stride());
      blas_multiply({transposed, std::min(blas_rows, product.c.rows() - row), product.c.columns(),
                     depth, a, product.a.stride(), product.b.data(), product.b.stride(),
                     product.c.data() + row * product.c.stride(), product.c.stride(),
                     product.accumulate});
    }
  });
}

}  // namespace gru::cpu
