#include "cpu/products/transposed_product.h"

#include <algorithm>

#include "cpu/cpu_device.h"

namespace gru::cpu {

namespace {

/// The depth of a block. Each block is summed separately and then added, which also keeps the
/// rounding of long sums small.
constexpr std::size_t depth_block = 512;
/// The columns of a that one thread packs at a time. With depth_block they stay in the second-level
/// cache while they are multiplied by all panels of b.
constexpr std::size_t column_block = 128;

/// Computes all terms by the engine's own tiles, one block of the depth after another.
class JointProduct {
 public:
  JointProduct(const TransposedProducts& products, TransposedScratch& scratch)
      : products_(products), scratch_(scratch) {}

  Status run() {
    const unsigned wanted = std::min(threads(), threads_for(total_operations(products_)));
    GRU_RETURN_IF_ERROR(reserve(wanted));
    parallel(wanted, [this](unsigned index, Team& team) { work(index, team); });
    return {};
  }

 private:
  /// The rows of a and of the factors that are packed at a time.
  Range block_from(std::size_t begin) const {
    return {begin, std::min(begin + depth_block, products_.a.rows())};
  }

  Status reserve(unsigned threads) {
    const std::size_t depth = block_from(0).end;
    for (std::size_t i = 0; i < products_.factors.size(); ++i) {
      const std::size_t columns = products_.factors[i]->columns();
      GRU_RETURN_IF_ERROR(scratch_.factors[i].reserve(packed_size(depth, columns)));
    }
    return scratch_.tiles.reserve(CheckedSize(threads) * column_block * depth);
  }

  void work(unsigned index, Team& team) {
    for (std::size_t k = 0; k < products_.a.rows(); k += depth_block) {
      const Range depth = block_from(k);
      for (std::size_t i = 0; i < products_.factors.size(); ++i) {
        // If there are few panels, the shares differ in size. Threads take the larger one in turn.
        const unsigned share = (index + static_cast<unsigned>(i)) % team.size();
        pack_factor(*products_.factors[i], scratch_.factors[i].data(), depth, share, team.size());
      }
      team.barrier();
      multiply_groups(depth, index, team.size());
      team.barrier();
    }
  }

  static void pack_factor(const RightFactor& factor, float* packed, Range depth, unsigned share,
                          unsigned parts) {
    const Range panels = share_of(kernels().panel_count(factor.columns()), share, parts);
    for (std::size_t row = depth.begin; row < depth.end;) {
      const DeviceMatrix<const float> rows = factor.rows_from(row);
      const std::size_t count = std::min(rows.rows(), depth.end - row);
      kernels().pack_panels({rows.data(), rows.stride(), count, rows.columns()},
                            {packed, depth.end - depth.begin, row - depth.begin}, panels.begin,
                            panels.end);
      row += count;
    }
  }

  /// Terms with the same columns.
  using Group = std::span<const TransposedTerm>;

  void multiply_groups(Range depth, unsigned index, unsigned parts) {
    unsigned turn = index;  // threads take the larger share in turn
    for (std::size_t begin = 0; begin < products_.terms.size(); ++turn) {
      const std::size_t end = group_end(products_.terms, begin);
      multiply_group(products_.terms.subspan(begin, end - begin), depth, turn % parts, parts,
                     scratch_.tiles.data() + index * column_block * block_from(0).end);
      begin = end;
    }
  }

  /// Computes this thread's columns of a group, one block at a time.
  void multiply_group(Group group, Range depth, unsigned share, unsigned parts, float* tiles) {
    const Range all = group.front().columns;
    const Range mine = share_of(all.end - all.begin, share, parts, kernels().max_rows);
    for (std::size_t begin = mine.begin; begin < mine.end; begin += column_block) {
      const Range columns{begin, std::min(begin + column_block, mine.end)};
      const PackSource a = part_of_a(depth, {all.begin + columns.begin, all.begin + columns.end});
      add_column_sums(a, all.begin + columns.begin, depth);
      kernels().pack_tiles(a, tiles, 0, tiles_of(a.columns));
      for (const TransposedTerm& term : group) multiply_term(term, depth, columns, tiles);
    }
  }

  static std::size_t tiles_of(std::size_t columns) {
    return (columns + kernels().max_rows - 1) / kernels().max_rows;
  }

  PackSource part_of_a(Range depth, Range columns) const {
    const std::size_t stride = products_.a.stride();
    return {products_.a.data() + depth.begin * stride + columns.begin, stride,
            depth.end - depth.begin, columns.end - columns.begin};
  }

  void add_column_sums(const PackSource& a, std::size_t first_column, Range depth) const {
    if (products_.column_sums == nullptr) return;
    float* sums = products_.column_sums + first_column;
    if (depth.begin == 0) std::fill_n(sums, a.columns, 0.0F);
    kernels().column_sums(a, sums, 0, a.columns);
  }

  /// Adds to the rows `columns` of a term's result the part of its depth that lies within `depth`.
  void multiply_term(const TransposedTerm& term, Range depth, Range columns, const float* tiles) {
    const std::size_t begin = std::max(term.depth.begin, depth.begin);
    const std::size_t end = std::min(term.depth.end, depth.end);
    if (begin >= end) return;
    PanelProduct part{};
    part.a = tiles;
    part.b = scratch_.factors[term.factor].data();
    part.b_depth = depth.end - depth.begin;
    part.first_k = begin - depth.begin;
    part.end_k = end - depth.begin;
    part.c = term.c.data() + columns.begin * term.c.stride();
    part.c_stride = term.c.stride();
    part.accumulate = term.accumulate || begin > term.depth.begin;
    part.rows = columns.end - columns.begin;
    part.columns = term.c.columns();
    part.end_panel = kernels().panel_count(part.columns);
    kernels().tile_product(part);
  }

  const TransposedProducts& products_;
  TransposedScratch& scratch_;
};

}  // namespace

double total_operations(const TransposedProducts& products) {
  double operations = 0;
  for (const TransposedTerm& term : products.terms) {
    operations += operations_of(term.c.rows(), term.c.columns(), term.depth.end - term.depth.begin);
  }
  return operations;
}

std::size_t group_end(std::span<const TransposedTerm> terms, std::size_t begin) {
  const Range& columns = terms[begin].columns;
  std::size_t end = begin + 1;
  while (end < terms.size() && terms[end].columns.begin == columns.begin &&
         terms[end].columns.end == columns.end) {
    ++end;
  }
  return end;
}

Status multiply_transposed_tiles(const TransposedProducts& products, TransposedScratch& scratch) {
  return JointProduct(products, scratch).run();
}

}  // namespace gru::cpu
