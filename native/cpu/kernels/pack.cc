#include "cpu/kernels/kernels.h"

GRU_KERNELS_BEGIN

std::size_t panel_count(std::size_t columns) { return panels_of(columns); }

std::size_t panel_column(std::size_t panel, std::size_t columns) {
  return minimum(panel_block(panel, columns) * lanes, columns);
}

namespace {

/// Where the source's part of a panel goes. The panel's columns begin at first_column and are
/// `width` wide.
GRU_INLINE float* panel_data(const PanelTarget& to, std::size_t first_column, std::size_t width) {
  return to.data + first_column * to.depth + to.first_k * width;
}

}  // namespace

void pack_panels(const PackSource& b, const PanelTarget& to, std::size_t first, std::size_t end) {
  for (std::size_t panel = first; panel < end; ++panel) {
    const std::size_t first_column = panel_block(panel, b.columns) * lanes;
    const std::size_t end_column = panel_block(panel + 1, b.columns) * lanes;
    float* packed = panel_data(to, first_column, end_column - first_column);
    for (std::size_t k = 0; k < b.rows; ++k) {
      for (std::size_t column = first_column; column < end_column; column += lanes) {
        store(packed, load(b.data + k * b.stride + column, b.columns - column));
        packed += lanes;
      }
    }
  }
}

namespace {

/// Row first + lane of `from` becomes column `lane` of [depth, width] at `to`; rows past the end
/// become zeros. All these rows are read in parallel, so that writes are consecutive.
GRU_INLINE void pack_vector(const PackSource& from, std::size_t first, float* to,
                            std::size_t width) {
  const float* rows[lanes];
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const std::size_t row = minimum(first + lane, from.rows - 1);
    rows[lane] = from.data + row * from.stride;
  }
  const std::size_t real = minimum(lanes, from.rows - first);
  for (std::size_t k = 0; k < from.columns; ++k) {
    Vector column{};
    for (std::size_t lane = 0; lane < lanes; ++lane) column[lane] = rows[lane][k];
    for (std::size_t lane = real; lane < lanes; ++lane) column[lane] = 0;
    store(to + k * width, column);
  }
}

}  // namespace

void pack_panels_transposed(const PackSource& b, const PanelTarget& to, std::size_t first,
                            std::size_t end) {
  const std::size_t columns = b.rows;  // of the transposed matrix
  for (std::size_t panel = first; panel < end; ++panel) {
    const std::size_t first_column = panel_block(panel, columns) * lanes;
    const std::size_t width = panel_block(panel + 1, columns) * lanes - first_column;
    float* packed = panel_data(to, first_column, width);
    for (std::size_t offset = 0; offset < width; offset += lanes) {
      pack_vector(b, first_column + offset, packed + offset, width);
    }
  }
}

void pack_gates(const float* weight, std::size_t hidden, std::size_t gates, float* packed,
                std::size_t first_block, std::size_t end_block) {
  const std::size_t width = gates * lanes;
  for (std::size_t block = first_block; block < end_block; ++block) {
    float* to = packed + block * hidden * width;
    for (std::size_t gate = 0; gate < gates; ++gate) {
      const PackSource units{weight + gate * hidden * hidden, hidden, hidden, hidden};
      pack_vector(units, block * lanes, to + gate * lanes, width);
    }
  }
}

namespace {

/// The number of rows of a that one pass over the tiles takes. It is as many read streams as the
/// hardware prefetcher follows, and it writes whole cache lines of each tile.
constexpr std::size_t tile_depth = 8;

/// Rows k..k + Depth of one full tile.
template <std::size_t Depth>
GRU_INLINE void pack_tile_rows(const float* from, std::size_t stride, float* to) {
#pragma GCC unroll 8
  for (std::size_t k = 0; k < Depth; ++k) {
    __builtin_memcpy(to + k * max_rows, from + k * stride, max_rows * sizeof(float));
  }
}

GRU_INLINE void pack_last_tile(const PackSource& a, std::size_t first, float* to) {
  const std::size_t real = a.columns - first;
  for (std::size_t k = 0; k < a.rows; ++k) {
    for (std::size_t i = 0; i < max_rows; ++i) {
      to[k * max_rows + i] = i < real ? a.data[k * a.stride + first + i] : 0.0F;
    }
  }
}

}  // namespace

void pack_tiles(const PackSource& a, float* packed, std::size_t first_tile, std::size_t end_tile) {
  const std::size_t full = minimum(end_tile, a.columns / max_rows);
  std::size_t k = 0;
  for (; k + tile_depth <= a.rows; k += tile_depth) {
    for (std::size_t tile = first_tile; tile < full; ++tile) {
      const std::size_t column = tile * max_rows;
      pack_tile_rows<tile_depth>(a.data + k * a.stride + column, a.stride,
                                 packed + column * a.rows + k * max_rows);
    }
  }
  for (; k < a.rows; ++k) {
    for (std::size_t tile = first_tile; tile < full; ++tile) {
      const std::size_t column = tile * max_rows;
      pack_tile_rows<1>(a.data + k * a.stride + column, a.stride,
                        packed + column * a.rows + k * max_rows);
    }
  }
  for (std::size_t tile = full > first_tile ? full : first_tile; tile < end_tile; ++tile) {
    pack_last_tile(a, tile * max_rows, packed + tile * max_rows * a.rows);
  }
}

GRU_KERNELS_END
