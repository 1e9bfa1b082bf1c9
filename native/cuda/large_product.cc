#include "cuda/large_product.h"

namespace gru::cuda {

namespace {

Status multiply_by_tiles(Context& context, const Product& product) {
  return multiply(context.queue(), context.products, product, context.precision);
}

}  // namespace

Status multiply_for_engine(Context& context, const Product& product) {
  // A product with a transposed computes gradients, so no row of it belongs to one sequence.
  return product.transpose_a == Transpose::yes ? multiply_gradient(context, product)
                                               : multiply_by_tiles(context, product);
}

Status multiply_inputs(Context& context, const Product& product) {
  GRU_RETURN_IF_ERROR(multiply_by_tiles(context, product));
  if (context.precision != Precision::float32) return {};
  return correct_large_rows(context.queue(), product);
}

Status multiply_gradient(Context& context, const Product& product) {
  if (context.blas.takes(product, context.stream.get())) {
    return context.blas.multiply(product, context.precision, context.ordinal);
  }
  return multiply_by_tiles(context, product);
}

}  // namespace gru::cuda
