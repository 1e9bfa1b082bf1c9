#include "cpu/products/product.h"

#include <algorithm>

namespace gru::cpu {

namespace {

/// The depth of a block: 8 rows of a and a panel of b stay in the near caches. Each block is summed
/// separately and then added, which also halves the rounding of long sums.
constexpr std::size_t depth_block = 1024;
/// The rows of a that are multiplied by all panels together. They stay in the second-level cache
/// meanwhile.
constexpr std::size_t row_block = 192;
/// See multiply_inputs_share.
constexpr float large_input = 16;
/// A product with fewer operations costs less than waking a thread.
constexpr double operations_per_thread = 5e5;

/// The given rows and panels of a product. The caller sets the depth.
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
  // Between two uses of a panel, the other panels and these rows of a and c are read.
  const std::size_t between = (b.depth + part.rows) * b.columns + part.rows * b.depth;
  part.prefetch = exceed_cache(between * sizeof(float));
  return part;
}

void multiply_rows(const ProductRows& rows, const PackedMatrix& b, const ProductOptions& options,
                   const ProductShare& share) {
  for (std::size_t k = 0; k < b.depth; k += depth_block) {
    for (std::size_t row = share.rows.begin; row < share.rows.end; row += row_block) {
      PanelProduct part =
          product_of(rows, b, {row, std::min(row + row_block, share.rows.end)}, share.panels);
      part.first_k = k;
      part.end_k = std::min(k + depth_block, b.depth);
      part.bias = k == 0 ? options.bias : nullptr;
      part.accumulate = options.accumulate || k > 0;
      part.descending = options.descending;
      kernels().panel_product(part);
    }
  }
}

}  // namespace

PackSource source_of(DeviceMatrix<const float> matrix) {
  return {matrix.data(), matrix.stride(), matrix.rows(), matrix.columns()};
}

ProductRows rows_of(DeviceMatrix<const float> a, DeviceMatrix<float> c) {
  return {a.data(), a.stride(), c.data(), c.stride(), c.rows()};
}

double operations_of(std::size_t m, std::size_t n, std::size_t k) {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

bool exceed_cache(std::size_t bytes) {
  constexpr std::size_t second_cache = std::size_t{1} << 20;  // 1 MiB; some processors have 2 MiB
  return bytes > second_cache;
}

unsigned threads_for(double operations) {
  const double worth = std::max(1.0, operations / operations_per_thread);
  return static_cast<unsigned>(std::min(worth, 1024.0));
}

CheckedSize packed_size(std::size_t depth, std::size_t columns) {
  return CheckedSize(vectors_of(columns)) * kernels().lanes * depth;
}

Status PackedMatrix::shape(std::size_t new_depth, std::size_t new_columns) {
  GRU_RETURN_IF_ERROR(data.reserve(packed_size(new_depth, new_columns)));
  depth = new_depth;
  columns = new_columns;
  return {};
}

void pack_share(PackedMatrix& packed, const PackSource& b, Transpose transpose, unsigned index,
                unsigned parts) {
  const Range panels = share_of(kernels().panel_count(packed.columns), index, parts);
  const auto pack =
      transpose == Transpose::yes ? kernels().pack_panels_transposed : kernels().pack_panels;
  pack(b, {packed.data.data(), packed.depth, 0}, panels.begin, panels.end);
}

ProductShare share_of_product(std::size_t rows, const PackedMatrix& b, unsigned index,
                              unsigned parts) {
  const std::size_t panels = kernels().panel_count(b.columns);
  const std::size_t grain = kernels().max_rows;
  // Threads divide the rows if each gets two full tiles: then no thread waits for another one's
  // columns.
  if (rows >= 2 * grain * parts) return {share_of(rows, index, parts, grain), {0, panels}};
  return {{0, rows}, share_of(panels, index, parts)};
}

void multiply_share(const ProductRows& rows, const PackedMatrix& b, const ProductOptions& options,
                    unsigned index, unsigned parts) {
  multiply_rows(rows, b, options, share_of_product(rows.rows, b, index, parts));
}

void multiply_inputs_share(const ProductRows& rows, const PackedMatrix& b, const float* bias,
                           unsigned index, unsigned parts) {
  const ProductShare share = share_of_product(rows.rows, b, index, parts);
  multiply_rows(rows, b, {.bias = bias}, share);
  for (std::size_t row = share.rows.begin; row < share.rows.end; ++row) {
    const float* a = rows.a + row * rows.a_stride;
    if (!(kernels().largest_magnitude(a, b.depth) > large_input)) continue;
    PanelProduct part = product_of(rows, b, {row, row + 1}, share.panels);
    part.end_k = b.depth;
    part.bias = bias;
    kernels().exact_product(part);
  }
}

Status multiply_packing(const Gemm& product, PackedMatrix& packed) {
  const bool transposed = product.transpose_b == Transpose::yes;
  const std::size_t depth = transposed ? product.b.columns() : product.b.rows();
  GRU_RETURN_IF_ERROR(packed.shape(depth, product.c.columns()));
  const ProductRows rows = rows_of(product.a, product.c);
  const ProductOptions options{product.bias.data_or_null(), product.accumulate};
  const unsigned wanted = threads_for(operations_of(product.c.rows(), product.c.columns(), depth));
  parallel(wanted, [&](unsigned index, Team& team) {
    pack_share(packed, source_of(product.b), product.transpose_b, index, team.size());
    team.barrier();
    multiply_share(rows, packed, options, index, team.size());
  });
  return {};
}

}  // namespace gru::cpu
