#include "cpu/product.h"

#include <algorithm>

#include "cpu/blas.h"

namespace gru::cpu {

namespace {

/// Depth of a block: 8 rows of a and a panel of b stay in the nearer caches. The sum of each block
/// is formed on its own and then added, which also halves the rounding of long sums.
constexpr std::size_t depth_block = 1024;
constexpr std::size_t gradient_depth_block = 512;
/// Rows of a that go through all panels together, and stay in the second cache meanwhile.
constexpr std::size_t row_block = 192;
/// Rows of a result that one BLAS call computes: fixed, so that the calls, and with them the bits,
/// do not depend on the number of threads.
constexpr std::size_t blas_rows = 256;
/// See multiply_inputs_share.
constexpr float large_input = 16;
/// Under this a product costs less than waking a thread.
constexpr double operations_per_thread = 5e5;
/// From here on a product is worth BLAS's own packing.
constexpr double blas_operations = 4e6;

double operations_of(std::size_t m, std::size_t n, std::size_t k) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

/// The named rows and panels of a product; the caller adds the depth.
PanelProduct product_of(const ProductRows& rows, const PackedMatrix& b, Range row_range,
                        Range panels) {
  PanelProduct part{};
  part.a = rows.a + row_range.begin * rows.a_stride;
  part.a_stride = rows.a_stride;
  part.b = b.data.data();
  part.b_depth = b.depth;
  part.c = rows.c + row_range.begin * rows.c_stride;
  part.c_stride = rows.c_stride;
  part.rows = row_range.end - row_range.begin;
  part.columns = b.columns;
  part.first_panel = panels.begin;
  part.end_panel = panels.end;
  part.distant = exceed_cache(b.depth * b.columns * sizeof(float));
  return part;
}

void multiply_rows(const ProductRows& rows, const PackedMatrix& b, const float* bias,
                   bool accumulate, const ProductShare& share) {
  for (std::size_t k = 0; k < b.depth; k += depth_block) {
    for (std::size_t row = share.rows.begin; row < share.rows.end; row += row_block) {
      PanelProduct part =
          product_of(rows, b, {row, std::min(row + row_block, share.rows.end)}, share.panels);
      part.first_k = k;
      part.end_k = std::min(k + depth_block, b.depth);
      part.bias = k == 0 ? bias : nullptr;
      part.accumulate = accumulate || k > 0;
      kernels().panel_product(part);
    }
  }
}

PackSource source_of(DeviceMatrix<const float> matrix) {
  return {matrix.data(), matrix.stride(), matrix.rows(), matrix.columns()};
}

/// c = a b with b packed here and now.
Status multiply_forward(const Gemm& product, ProductScratch& scratch) {
  const bool transposed = product.transpose_b == Transpose::yes;
  const std::size_t depth = transposed ? product.b.columns() : product.b.rows();
  GRU_RETURN_IF_ERROR(scratch.b.shape(depth, product.c.columns()));
  const ProductRows rows{product.a.data(), product.a.stride(), product.c.data(), product.c.stride(),
                         product.c.rows()};
  const unsigned wanted = threads_for(operations_of(product.c.rows(), product.c.columns(), depth));
  parallel(wanted, [&](unsigned index, Team& team) {
    pack_share(scratch.b, source_of(product.b), product.transpose_b, index, team.size());
    team.barrier();
    multiply_share(rows, scratch.b, product.bias.empty() ? nullptr : product.bias.data(),
                   product.accumulate, index, team.size());
  });
  return {};
}

/// One block of depth of c (+)= a^T b, a and b packed.
void multiply_block(const Gemm& product, const ProductScratch& scratch, std::size_t depth,
                    bool accumulate, Range tiles) {
  const std::size_t max_rows = kernels().max_rows;
  const std::size_t first_row = tiles.begin * max_rows;
  const std::size_t rows = std::min(tiles.end * max_rows, product.c.rows()) - first_row;
  if (tiles.begin == tiles.end) return;
  PanelProduct part{};
  part.a = scratch.tiles.data() + first_row * depth;
  part.b = scratch.b.data.data();
  part.b_depth = depth;
  part.end_k = depth;
  part.c = product.c.data() + first_row * product.c.stride();
  part.c_stride = product.c.stride();
  part.accumulate = accumulate;
  part.rows = rows;
  part.columns = product.c.columns();
  part.end_panel = kernels().panel_count(product.c.columns());
  kernels().tile_product(part);
}

/// c = a^T b, the product of weight gradients: small results, deep sums.
Status multiply_gradient(const Gemm& product, ProductScratch& scratch) {
  const std::size_t depth = product.a.rows();
  const std::size_t max_rows = kernels().max_rows;
  const std::size_t tiles = (product.c.rows() + max_rows - 1) / max_rows;
  const std::size_t block = std::min(depth, gradient_depth_block);
  GRU_RETURN_IF_ERROR(scratch.b.shape(block, product.c.columns()));
  GRU_RETURN_IF_ERROR(scratch.tiles.reserve(CheckedSize(tiles) * max_rows * block));
  const unsigned wanted = threads_for(operations_of(product.c.rows(), product.c.columns(), depth));
  parallel(wanted, [&](unsigned index, Team& team) {
    const Range my_tiles = share_of(tiles, index, team.size());
    const std::size_t all_panels = kernels().panel_count(product.c.columns());
    const Range my_panels = share_of(all_panels, index, team.size());
    for (std::size_t k = 0; k < depth; k += gradient_depth_block) {
      const std::size_t count = std::min(gradient_depth_block, depth - k);
      kernels().pack_panels(source_of(product.b.row_range(k, count)), scratch.b.data.data(),
                            my_panels.begin, my_panels.end);
      kernels().pack_tiles(source_of(product.a.row_range(k, count)), scratch.tiles.data(),
                           my_tiles.begin, my_tiles.end);
      team.barrier();
      multiply_block(product, scratch, count, product.accumulate || k > 0, my_tiles);
      team.barrier();
    }
  });
  return {};
}

void multiply_blas(const Gemm& product) {
  const bool transposed = product.transpose_a == Transpose::yes;
  const std::size_t depth = product.b.rows();
  const std::size_t blocks = (product.c.rows() + blas_rows - 1) / blas_rows;
  const unsigned wanted = threads_for(operations_of(product.c.rows(), product.c.columns(), depth));
  parallel(wanted, [&](unsigned index, Team& team) {
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

/// Which products BLAS gets, where it is chosen at all (blas.cc): those of gradients (b not
/// transposed), without a bias, large enough for its overhead. Products of the forward pass never
/// go there, since BLAS may choose another order of sums for another number of rows, and a
/// sequence's result must not depend on its batch.
bool goes_to_blas(const Gemm& product) {
  return has_blas() && product.transpose_b == Transpose::no && product.bias.empty() &&
         operations_of(product.c.rows(), product.c.columns(), product.b.rows()) >= blas_operations;
}

}  // namespace

bool exceed_cache(std::size_t bytes) {
  constexpr std::size_t second_cache = std::size_t{1} << 20;  // or two, on processors of today
  return bytes > second_cache;
}

unsigned threads_for(double operations) {
  const double worth = std::max(1.0, operations / operations_per_thread);
  return static_cast<unsigned>(std::min(worth, 1024.0));
}

Status PackedMatrix::shape(std::size_t new_depth, std::size_t new_columns) {
  const CheckedSize padded = CheckedSize(vectors_of(new_columns)) * kernels().lanes;
  GRU_RETURN_IF_ERROR(data.reserve(padded * new_depth));
  depth = new_depth;
  columns = new_columns;
  return {};
}

void pack_share(PackedMatrix& packed, const PackSource& b, Transpose transpose, unsigned index,
                unsigned parts) {
  const Range panels = share_of(kernels().panel_count(packed.columns), index, parts);
  const auto pack =
      transpose == Transpose::yes ? kernels().pack_panels_transposed : kernels().pack_panels;
  pack(b, packed.data.data(), panels.begin, panels.end);
}

ProductShare share_of_product(std::size_t rows, const PackedMatrix& b, unsigned index,
                              unsigned parts) {
  const std::size_t panels = kernels().panel_count(b.columns);
  const std::size_t grain = kernels().max_rows;
  // Threads share rows while each has two full tiles, since then none waits for another's columns.
  if (rows >= 2 * grain * parts) return {share_of(rows, index, parts, grain), {0, panels}};
  return {{0, rows}, share_of(panels, index, parts)};
}

void multiply_share(const ProductRows& rows, const PackedMatrix& b, const float* bias,
                    bool accumulate, unsigned index, unsigned parts) {
  multiply_rows(rows, b, bias, accumulate, share_of_product(rows.rows, b, index, parts));
}

void multiply_inputs_share(const ProductRows& rows, const PackedMatrix& b, const float* bias,
                           unsigned index, unsigned parts) {
  const ProductShare share = share_of_product(rows.rows, b, index, parts);
  multiply_rows(rows, b, bias, false, share);
  for (std::size_t row = share.rows.begin; row < share.rows.end; ++row) {
    const float* a = rows.a + row * rows.a_stride;
    if (!(kernels().largest_magnitude(a, b.depth) > large_input)) continue;
    PanelProduct part = product_of(rows, b, {row, row + 1}, share.panels);
    part.end_k = b.depth;
    part.bias = bias;
    kernels().exact_product(part);
  }
}

Status multiply(const Gemm& product, ProductScratch& scratch) {
  if (product.c.empty()) return {};
  if (goes_to_blas(product)) {
    multiply_blas(product);
    return {};
  }
  return product.transpose_a == Transpose::yes ? multiply_gradient(product, scratch)
                                               : multiply_forward(product, scratch);
}

}  // namespace gru::cpu
