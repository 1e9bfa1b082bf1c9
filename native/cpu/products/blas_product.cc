#include "cpu/products/blas_product.h"

#include <algorithm>
#include <cstring>

#include "cpu/pointwise.h"
#include "cpu/products/blas.h"

namespace gru::cpu {

namespace {

/// The rows of a result that one BLAS call computes.
constexpr std::size_t blas_rows = 256;

std::size_t blocks_of(const DeviceMatrix<float>& c) {
  return (c.rows() + blas_rows - 1) / blas_rows;
}

void multiply_block(const Gemm& product, std::size_t block) {
  const bool transposed = product.transpose_a == Transpose::yes;
  const std::size_t row = block * blas_rows;
  const float* a = product.a.data() + (transposed ? row : row * product.a.stride());
  blas_multiply({transposed, std::min(blas_rows, product.c.rows() - row), product.c.columns(),
                 product.b.rows(), a, product.a.stride(), product.b.data(), product.b.stride(),
                 product.c.data() + row * product.c.stride(), product.c.stride(),
                 product.accumulate});
}

/// Turns terms into products of two matrices. Right factors whose rows are in several places are
/// copied together.
class GatheredTerms {
 public:
  GatheredTerms(const TransposedProducts& products, TransposedScratch& scratch)
      : products_(products), scratch_(scratch) {}

  Status gather() {
    for (std::size_t factor = 0; factor < products_.factors.size(); ++factor) {
      const bool needed = std::ranges::any_of(products_.terms, [&](const TransposedTerm& term) {
        return term.factor == factor && !is_together(term);
      });
      if (needed) GRU_RETURN_IF_ERROR(gather(factor));
    }
    return {};
  }

  Gemm product(const TransposedTerm& term) const {
    const std::size_t begin = term.depth.begin;
    const std::size_t depth = term.depth.end - begin;
    const std::size_t columns = term.columns.end - term.columns.begin;
    const DeviceMatrix<const float> b = is_together(term)
                                            ? products_.factors[term.factor]->rows_from(begin)
                                            : gathered(term.factor).row_range(begin, depth);
    Gemm product;
    product.transpose_a = Transpose::yes;
    product.a = products_.a.row_range(begin, depth).column_range(term.columns.begin, columns);
    product.b = b.row_range(0, depth);
    product.c = term.c;
    product.accumulate = term.accumulate;
    return product;
  }

 private:
  bool is_together(const TransposedTerm& term) const {
    const RightFactor& factor = *products_.factors[term.factor];
    return factor.rows_from(term.depth.begin).rows() >= term.depth.end - term.depth.begin;
  }

  DeviceMatrix<const float> gathered(std::size_t factor) const {
    const std::size_t columns = products_.factors[factor]->columns();
    return {scratch_.factors[factor].data(), products_.a.rows(), columns, columns};
  }

  Status gather(std::size_t factor) {
    const RightFactor& from = *products_.factors[factor];
    const std::size_t columns = from.columns();
    AlignedBuffer& buffer = scratch_.factors[factor];
    GRU_RETURN_IF_ERROR(buffer.reserve(CheckedSize(columns) * products_.a.rows()));
    for (std::size_t row = 0; row < products_.a.rows();) {
      const DeviceMatrix<const float> rows = from.rows_from(row);
      for (std::size_t i = 0; i < rows.rows(); ++i, ++row) {
        std::memcpy(buffer.data() + row * columns, rows.data() + i * rows.stride(),
                    columns * sizeof(float));
      }
    }
    return {};
  }

  const TransposedProducts& products_;
  TransposedScratch& scratch_;
};

void sum_columns(const TransposedProducts& products) {
  if (products.column_sums == nullptr) return;
  for (std::size_t i = 0; i < products.terms.size(); i = group_end(products.terms, i)) {
    const auto& [begin, end] = products.terms[i].columns;
    column_sums(products.column_sums + begin, products.a.column_range(begin, end - begin));
  }
}

}  // namespace

void multiply_blas(const Gemm& product) {
  const double operations =
      operations_of(product.c.rows(), product.c.columns(), product.a.columns());
  parallel(threads_for(operations), [&](unsigned index, Team& team) {
    const Range mine = share_of(blocks_of(product.c), index, team.size());
    for (std::size_t block = mine.begin; block < mine.end; ++block) multiply_block(product, block);
  });
}

Status multiply_transposed_blas(const TransposedProducts& products, TransposedScratch& scratch) {
  GatheredTerms terms(products, scratch);
  GRU_RETURN_IF_ERROR(terms.gather());
  parallel(threads_for(total_operations(products)), [&](unsigned index, Team& team) {
    std::size_t turn = 0;
    for (const TransposedTerm& term : products.terms) {
      const Gemm product = terms.product(term);
      for (std::size_t block = 0; block < blocks_of(product.c); ++block, ++turn) {
        if (turn % team.size() == index) multiply_block(product, block);
      }
    }
  });
  sum_columns(products);
  return {};
}

}  // namespace gru::cpu
