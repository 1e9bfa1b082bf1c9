#include "cpu/kernels/kernels.h"
#include "cpu/kernels/tile.h"

GRU_KERNELS_BEGIN

namespace {

/// Where a tile's columns are in b and c. If a tile takes several panels (groups), each of them is
/// three vectors wide.
struct PanelPosition {
  const float* b;
  std::size_t group_stride;
  std::size_t column;
  const float* next;  ///< b of the next panel, with `prefetch`
};

template <int Rows, int Vectors>
GRU_INLINE void finish_tile(const PanelProduct& product, const Vector (&sums)[Rows][Vectors],
                            std::size_t row, std::size_t column) {
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    float* to = product.c + (row + static_cast<std::size_t>(r)) * product.c_stride + column;
#pragma GCC unroll 12
    for (int v = 0; v < Vectors; ++v) {
      const std::size_t offset = static_cast<std::size_t>(v) * lanes;
      const std::size_t count = product.columns - column - offset;
      Vector value = sums[r][v];
      if (product.bias != nullptr) value += load(product.bias + column + offset, count);
      if (product.accumulate) value += load(to + offset, count);
      store(to + offset, value, count);
    }
  }
}

template <int Rows, int Groups, int Vectors, Fetch fetch, class A>
GRU_OUTLINE void compute_tile(const PanelProduct& product, const A& a,
                              const PanelPosition& position, std::size_t row) {
  Vector sums[Rows][Groups * Vectors] = {};
  const std::size_t depth = product.end_k - product.first_k;
  const float* next = nullptr;
  if constexpr (fetch == Fetch::next) next = position.next + row / Rows * depth * lanes;
  multiply_tile<Rows, Groups, Vectors, fetch>(sums, a, position.b, position.group_stride, depth,
                                              next);
  finish_tile(product, sums, row, position.column);
}

GRU_INLINE RowMajor rows_from(const PanelProduct& product, std::size_t row) {
  return {product.a + row * product.a_stride + product.first_k, product.a_stride};
}

/// Whether a panel at a time is best for a single row. With 16 lanes, the three sums of one panel
/// take weights faster than the second-level cache delivers them, and many short panels are one
/// stream for the hardware's prefetchers. Few or long panels are not.
GRU_INLINE bool is_stream(const PanelProduct& product) {
  constexpr std::size_t many_columns = 2048;
  return product.rows == 1 && lanes == 16 && product.columns >= many_columns &&
         product.columns > product.b_depth;
}

/// One tile of `Rows` rows of one panel. With `prefetch`, the first tiles prefetch the next
/// panel. If there are too few tiles for that, the first one prefetches its own panel.
template <int Rows, int Vectors>
GRU_INLINE void compute_rows(const PanelProduct& product, const PanelPosition& position,
                             std::size_t row) {
  const RowMajor a = rows_from(product, row);
  constexpr std::size_t fetching = Rows * Vectors;  // rows whose tiles prefetch the next panel
  if (product.prefetch && product.rows >= fetching && row < fetching) {
    compute_tile<Rows, 1, Vectors, Fetch::next>(product, a, position, row);
  } else if (product.prefetch && product.rows < fetching && row == 0 && !is_stream(product)) {
    compute_tile<Rows, 1, Vectors, Fetch::own>(product, a, position, row);
  } else {
    compute_tile<Rows, 1, Vectors, Fetch::nothing>(product, a, position, row);
  }
}

/// The remaining rows of one panel, at most `Rows`, in one tile: the panel is read once for them.
template <int Rows, int Vectors>
GRU_INLINE void compute_rest(const PanelProduct& product, const PanelPosition& position,
                             std::size_t row) {
  if constexpr (Rows > 0) {
    if (product.rows - row == Rows) return compute_rows<Rows, Vectors>(product, position, row);
    compute_rest<Rows - 1, Vectors>(product, position, row);
  }
}

/// All rows of one panel, in the largest tiles.
template <int Vectors>
void multiply_panel(const PanelProduct& product, const PanelPosition& position) {
  constexpr int rows = static_cast<int>(max_rows);
  std::size_t row = 0;
  for (; row + max_rows <= product.rows; row += max_rows) {
    compute_rows<rows, Vectors>(product, position, row);
  }
  compute_rest<rows - 1, Vectors>(product, position, row);
}

GRU_INLINE PackedTile tile_from(const PanelProduct& product, std::size_t row) {
  return {product.a + row * product.b_depth + product.first_k * max_rows};
}

/// The last tile, which has fewer rows than the others. It is rare, so its sums may be in memory.
template <int Vectors>
GRU_OUTLINE void compute_last_tile(const PanelProduct& product, const PanelPosition& position,
                                   std::size_t row) {
  Vector sums[max_rows][Vectors] = {};
  multiply_tile<static_cast<int>(max_rows), 1, Vectors, Fetch::nothing>(
      sums, tile_from(product, row), position.b, 0, product.end_k - product.first_k, nullptr);
  for (std::size_t r = 0; row + r < product.rows; ++r) {
    Vector one[1][Vectors];
    for (int v = 0; v < Vectors; ++v) one[0][v] = sums[r][v];
    finish_tile(product, one, row + r, position.column);
  }
}

template <int Vectors>
void multiply_packed(const PanelProduct& product, const PanelPosition& position) {
  constexpr int rows = static_cast<int>(max_rows);
  std::size_t row = 0;
  for (; row + max_rows <= product.rows; row += max_rows) {
    compute_tile<rows, 1, Vectors, Fetch::nothing>(product, tile_from(product, row), position, row);
  }
  if (row < product.rows) compute_last_tile<Vectors>(product, position, row);
}

GRU_INLINE PanelPosition position_of(const PanelProduct& product, std::size_t panel,
                                     std::size_t vectors) {
  const std::size_t column = panel_block(panel, product.columns) * lanes;
  return {product.b + column * product.b_depth + product.first_k * vectors * lanes,
          product.b_depth * vectors * lanes, column, nullptr};
}

GRU_INLINE std::size_t panel_vectors(std::size_t panel, std::size_t columns) {
  return panel_block(panel + 1, columns) - panel_block(panel, columns);
}

/// The number of panels that one tile takes if there are few rows, so that enough sums are
/// independent.
GRU_INLINE std::size_t panels_at_once(const PanelProduct& product) {
  if (product.rows == 1) return is_stream(product) ? 1 : 4;
  return product.rows <= (max_rows == 8 ? 4 : 2) ? 2 : 1;
}

/// One tile of several full panels: as many as panels_at_once says.
template <Fetch fetch>
GRU_INLINE void multiply_together(const PanelProduct& product, std::size_t first) {
  const PanelPosition position = position_of(product, first, 3);
  const RowMajor a = rows_from(product, 0);
  if (product.rows == 1) {
    compute_tile<1, 4, 3, fetch>(product, a, position, 0);
  } else if (product.rows == 2) {
    compute_tile<2, 2, 3, fetch>(product, a, position, 0);
  } else if constexpr (max_rows == 8) {
    if (product.rows == 3) {
      compute_tile<3, 2, 3, fetch>(product, a, position, 0);
    } else {
      compute_tile<4, 2, 3, fetch>(product, a, position, 0);
    }
  }
}

/// Computes all panels first..end in one tile. Returns false if their number is not panels_at_once
/// or one of them is not three vectors wide.
GRU_INLINE bool multiply_group(const PanelProduct& product, std::size_t first, std::size_t end) {
  const std::size_t group = panels_at_once(product);
  if (group == 1 || end - first != group) return false;
  for (std::size_t panel = first; panel < end; ++panel) {
    if (panel_vectors(panel, product.columns) != 3) return false;
  }
  if (product.prefetch) {
    multiply_together<Fetch::own>(product, first);
  } else {
    multiply_together<Fetch::nothing>(product, first);
  }
  return true;
}

/// b of the next panel; for the last panel its own b.
GRU_INLINE const float* weights_after(const PanelProduct& product, std::size_t panel) {
  const std::size_t panels = product.end_panel - product.first_panel;
  const std::size_t next =
      product.first_panel + next_in_order(panel - product.first_panel, panels, product.descending);
  return position_of(product, next, panel_vectors(next, product.columns)).b;
}

GRU_INLINE void multiply_single(const PanelProduct& product, std::size_t panel) {
  const std::size_t vectors = panel_vectors(panel, product.columns);
  PanelPosition position = position_of(product, panel, vectors);
  if (product.prefetch) position.next = weights_after(product, panel);
  if (vectors == 3) {
    multiply_panel<3>(product, position);
  } else if (vectors == 2) {
    multiply_panel<2>(product, position);
  } else {
    multiply_panel<1>(product, position);
  }
}

/// One vector of columns of one row.
GRU_INLINE void multiply_exactly(const PanelProduct& product, const float* a, const float* b,
                                 std::size_t b_step, float* c, std::size_t column) {
  const std::size_t count = product.columns - column;
  DoubleVector sum{};
  for (std::size_t k = product.first_k; k < product.end_k; ++k) {
    const DoubleVector weights = __builtin_convertvector(load(b + k * b_step), DoubleVector);
    sum += weights * static_cast<double>(a[k]);
  }
  if (product.bias != nullptr) {
    sum += __builtin_convertvector(load(product.bias + column, count), DoubleVector);
  }
  if (product.accumulate) {
    sum += __builtin_convertvector(load(c + column, count), DoubleVector);
  }
  store(c + column, __builtin_convertvector(sum, Vector), count);
}

}  // namespace

void exact_product(const PanelProduct& product) {
  for (std::size_t panel = product.first_panel; panel < product.end_panel; ++panel) {
    const std::size_t vectors = panel_vectors(panel, product.columns);
    const std::size_t first = panel_block(panel, product.columns) * lanes;
    const float* b = product.b + first * product.b_depth;
    for (std::size_t row = 0; row < product.rows; ++row) {
      for (std::size_t v = 0; v < vectors; ++v) {
        multiply_exactly(product, product.a + row * product.a_stride, b + v * lanes,
                         vectors * lanes, product.c + row * product.c_stride, first + v * lanes);
      }
    }
  }
}

void panel_product(const PanelProduct& product) {
  if (product.rows == 0) return;  // a step that no sequence has
  const std::size_t group = panels_at_once(product);
  const std::size_t groups = (product.end_panel - product.first_panel + group - 1) / group;
  for_each_in_order(groups, product.descending, [&](std::size_t i) {
    const std::size_t first = product.first_panel + i * group;
    const std::size_t end = minimum(first + group, product.end_panel);
    if (multiply_group(product, first, end)) return;
    for (std::size_t panel = first; panel < end; ++panel) multiply_single(product, panel);
  });
}

void tile_product(const PanelProduct& product) {
  for (std::size_t panel = product.first_panel; panel < product.end_panel; ++panel) {
    const std::size_t vectors = panel_vectors(panel, product.columns);
    const PanelPosition position = position_of(product, panel, vectors);
    if (vectors == 3) {
      multiply_packed<3>(product, position);
    } else if (vectors == 2) {
      multiply_packed<2>(product, position);
    } else {
      multiply_packed<1>(product, position);
    }
  }
}

GRU_KERNELS_END
