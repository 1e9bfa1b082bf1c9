#include "cuda/kernels/matrix.h"
#include "cuda/kernels/mma_tile.h"
#include "cuda/kernels/product.h"
#include "cuda/kernels/product_tile.h"

namespace gru::cuda {

namespace {

/// Depths that are summed separately first and then added, which keeps the rounding of long sums
/// small.
constexpr unsigned sum_depth = 256;
/// For a product with a transposed: the smallest depth that is worth a separate block, and the
/// number of blocks that such a product should have.
constexpr std::size_t part_depth = 512;
constexpr std::size_t wanted_blocks = 256;
/// See correct_large_rows.
constexpr float large_input = 16;
constexpr unsigned correct_threads = 128;

struct ProductArguments {
  Factor a;
  Factor b;
  float* c;
  std::size_t c_stride;
  std::size_t part_stride;  ///< between two parts of the depth
  const float* bias;        ///< or null
  bool accumulate;
  unsigned depth;
  unsigned block_depth;  ///< the depth of a part
};

/// Blocks: x for rows, y for columns, z for parts of the depth.
template <class Tile, bool transpose_a, bool transpose_b>
__global__ void __launch_bounds__(Tile::threads, 2) product_kernel(ProductArguments p) {
  using LoaderA = SliceLoader<Tile, Tile::rows, !transpose_a>;
  using LoaderB = SliceLoader<Tile, Tile::columns, transpose_b>;
  static_assert(sum_depth % (2 * Tile::depth) == 0, "the first slices are free after each sum");
  GRU_SHARED_ARRAY(float, shared, 2 * LoaderA::size + 2 * LoaderB::size);
  const unsigned first_row = blockIdx.x * Tile::rows;
  const unsigned first_column = blockIdx.y * Tile::columns;
  LoaderA a(p.a, first_row);
  LoaderB b(p.b, first_column);
  const unsigned first_depth = blockIdx.z * p.block_depth;
  const unsigned end_depth = min(first_depth + p.block_depth, p.depth);
  float* const c = p.c + blockIdx.z * p.part_stride;

  Tile tile;
  for (unsigned begin = first_depth; begin < end_depth; begin += sum_depth) {
    tile.clear();
    multiply_depths(tile, a, b, shared, begin, min(begin + sum_depth, end_depth));
    const bool first = begin == first_depth;
    tile.for_each([&](unsigned i, unsigned j, float sum) {
      const unsigned row = first_row + i;
      const unsigned column = first_column + j;
      if (row >= p.a.outer || column >= p.b.outer) return;
      float& to = c[row * p.c_stride + column];
      if (first && p.bias != nullptr) sum += p.bias[column];
      to = first && !p.accumulate ? sum : to + sum;
    });
  }
}

/// to (+)= the sum of `count` parts, in their order.
__global__ void __launch_bounds__(plain_threads)
    sum_parts_kernel(Matrix<float> to, const float* parts, unsigned count, bool accumulate) {
  for_each_element(to.rows, to.columns, [&](std::size_t i, std::size_t j) {
    float sum = accumulate ? to.at(i, j) : 0.0F;
    for (unsigned part = 0; part < count; ++part) {
      sum += parts[(part * to.rows + i) * to.columns + j];
    }
    to.at(i, j) = sum;
  });
}

/// Each block has one row.
__global__ void __launch_bounds__(correct_threads)
    correct_rows_kernel(Matrix<float> c, Matrix<const float> a, Matrix<const float> b,
                        const float* bias) {
  const std::size_t row = blockIdx.x;
  bool large = false;
  for (std::size_t k = threadIdx.x; k < a.columns; k += blockDim.x) {
    large = large || fabsf(a.at(row, k)) > large_input;
  }
  if (__syncthreads_or(large) == 0) return;
  for (std::size_t j = threadIdx.x; j < c.columns; j += blockDim.x) {
    double sum = bias[j];
    for (std::size_t k = 0; k < a.columns; ++k) {
      sum += static_cast<double>(a.at(row, k)) * static_cast<double>(b.at(j, k));
    }
    c.at(row, j) = static_cast<float>(sum);
  }
}

using LargeTile = MicroTile<TileShape<128, 64, 8, 4>>;
using SmallTile = MicroTile<TileShape<32, 32, 4, 4>>;
/// The number of tiles that keep a GPU busy. A product with fewer large tiles gets small ones.
constexpr std::size_t enough_tiles = 128;

template <class Tile>
std::size_t tiles_of(const Product& product) {
  return parts_of(product.c.rows(), Tile::rows) * parts_of(product.c.columns(), Tile::columns);
}

/// The number of parts of the depth, each of which has its own blocks.
std::size_t depth_parts(const Product& product, std::size_t tiles) {
  if (product.transpose_a == Transpose::no) return 1;
  return std::max<std::size_t>(
      1, std::min(parts_of(product.depth(), part_depth), parts_of(wanted_blocks, tiles)));
}

ProductArguments arguments_of(const Product& product) {
  ProductArguments p{};
  p.a = {product.a.data(), product.a.stride(), to_unsigned(product.c.rows()), product.gap.first,
         product.gap.skipped};
  p.b = {product.b.data(), product.b.stride(), to_unsigned(product.c.columns()), ~0U, 0};
  p.c = product.c.data();
  p.c_stride = product.c.stride();
  p.bias = product.bias.empty() ? nullptr : product.bias.data();
  p.accumulate = product.accumulate;
  p.depth = to_unsigned(product.depth());
  p.block_depth = p.depth;
  return p;
}

template <class Tile>
Status launch_tiles(const Queue& queue, const Product& product, const ProductArguments& p) {
  LaunchShape shape;
  shape.block = dim3(Tile::threads);
  shape.grid = dim3(to_unsigned(parts_of(product.c.rows(), Tile::rows)),
                    to_unsigned(parts_of(product.c.columns(), Tile::columns)),
                    to_unsigned(parts_of(p.depth, p.block_depth)));
  if (product.transpose_a == Transpose::yes) {
    return launch(queue, product_kernel<Tile, true, false>, shape, p);
  }
  return product.transpose_b == Transpose::yes
             ? launch(queue, product_kernel<Tile, false, true>, shape, p)
             : launch(queue, product_kernel<Tile, false, false>, shape, p);
}

template <class Tile>
Status multiply_with(const Queue& queue, ProductScratch& scratch, const Product& product) {
  ProductArguments p = arguments_of(product);
  const std::size_t parts = depth_parts(product, tiles_of<Tile>(product));
  if (parts == 1) return launch_tiles<Tile>(queue, product, p);

  p.block_depth = to_unsigned(parts_of(parts_of(p.depth, parts), Tile::depth) * Tile::depth);
  const std::size_t count = parts_of(p.depth, p.block_depth);
  const std::size_t size = product.c.rows() * product.c.columns();
  GRU_RETURN_IF_ERROR(scratch.parts.reserve(CheckedSize(count) * size, queue));
  p.c = scratch.parts.data();
  p.c_stride = product.c.columns();
  p.part_stride = size;
  p.accumulate = false;
  GRU_RETURN_IF_ERROR(launch_tiles<Tile>(queue, product, p));
  return launch(queue, sum_parts_kernel, matrix_shape(product.c.rows(), product.c.columns()),
                product.c, scratch.parts.data(), to_unsigned(count), product.accumulate);
}

}  // namespace

Status multiply(const Queue& queue, ProductScratch& scratch, const Product& product,
                Precision precision) {
  if (product.c.empty()) return {};
  if (precision == Precision::tf32) return multiply_with<MmaTile<Tf32>>(queue, scratch, product);
  if (precision == Precision::bfloat16) {
    return multiply_with<MmaTile<Bfloat16>>(queue, scratch, product);
  }
  const std::size_t tiles = tiles_of<LargeTile>(product);
  return tiles * depth_parts(product, tiles) >= enough_tiles
             ? multiply_with<LargeTile>(queue, scratch, product)
             : multiply_with<SmallTile>(queue, scratch, product);
}

Status correct_large_rows(const Queue& queue, const Product& product) {
  LaunchShape shape;
  shape.block = dim3(correct_threads);
  shape.grid = dim3(to_unsigned(product.a.rows()));
  return launch(queue, correct_rows_kernel, shape, product.c, product.a, product.b,
                product.bias.data());
}

}  // namespace gru::cuda
