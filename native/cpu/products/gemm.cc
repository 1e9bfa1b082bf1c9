#include "cpu/products/gemm.h"

#include "cpu/products/blas.h"
#include "cpu/products/blas_product.h"

namespace gru::cpu {

namespace {

/// Products with fewer operations are too small for BLAS, which packs its operands.
constexpr double blas_operations = 4e6;

/// Whether products of gradients with this many operations go to BLAS. Products of the forward pass
/// never do: BLAS may sum in another order for another number of rows, and a sequence's result must
/// not depend on its batch.
bool goes_to_blas(double operations) { return has_blas() && operations >= blas_operations; }

Status multiply_single_term(const Gemm& product, TransposedScratch& scratch) {
  const MatrixFactor b(product.b);
  const std::array<const RightFactor*, 1> factors{&b};
  const std::array<TransposedTerm, 1> terms{TransposedTerm{
      {0, product.a.columns()}, {0, product.a.rows()}, 0, product.c, product.accumulate}};
  return multiply_transposed(TransposedProducts{product.a, factors, terms}, scratch);
}

}  // namespace

Status multiply(const Gemm& product, GemmScratch& scratch) {
  if (product.c.empty()) return {};
  if (product.transpose_a == Transpose::yes) {
    return multiply_single_term(product, scratch.transposed);
  }
  const double operations =
      operations_of(product.c.rows(), product.c.columns(), product.a.columns());
  const bool of_gradient = product.transpose_b == Transpose::no && product.bias.empty();
  if (!of_gradient || !goes_to_blas(operations)) return multiply_packing(product, scratch.packed);
  multiply_blas(product);
  return {};
}

Status multiply_transposed(const TransposedProducts& products, TransposedScratch& scratch) {
  return goes_to_blas(total_operations(products)) ? multiply_transposed_blas(products, scratch)
                                                  : multiply_transposed_tiles(products, scratch);
}

}  // namespace gru::cpu
