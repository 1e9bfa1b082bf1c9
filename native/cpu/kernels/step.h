#pragma once

#include "cpu/kernels/kernels.h"
#include "cpu/kernels/tile.h"

/// One forward step of a recurrence, for any cell. Each tile multiplies some rows of h by the
/// packed U of some blocks of units. It ends with the gates of the same units in registers, so that
/// it can compute h' at once. A cell is a type with the number of its `gates`, and a function
/// finish(cell, units, sums) that takes the sums of one row and one block.

GRU_KERNELS_BEGIN

namespace {

/// One row and one block of units.
struct UnitBlock {
  const ForwardStep& step;
  std::size_t row;
  std::size_t unit;
  std::size_t count;  ///< units of the block without padding

  float* gate(std::size_t number) const {
    return step.gates + row * step.gate_stride + number * step.hidden + unit;
  }
  const float* state() const { return step.state + row * step.state_stride + unit; }
  float* cell() const { return step.cell + row * step.cell_stride + unit; }
  float* output() const { return step.output + row * step.output_stride + unit; }
};

/// Not inlined: if several tiles share one function, GCC 12 spills sums in the inner loop.
template <int Rows, int Groups, Fetch fetch, class Kind>
GRU_OUTLINE void compute_tile(Kind kind, const ForwardStep& step, const RowMajor& factor,
                              std::size_t row, std::size_t block, const float* next = nullptr) {
  constexpr int gates = Kind::gates;
  const std::size_t block_size = step.hidden * gates * lanes;
  const RowMajor a{factor.data + row * factor.stride, factor.stride};
  Vector sums[Rows][Groups * gates] = {};
  multiply_tile<Rows, Groups, gates, fetch>(sums, a, step.weights + block * block_size, block_size,
                                            step.hidden, next);
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
    for (int group = 0; group < Groups; ++group) {
      const std::size_t unit = (block + static_cast<std::size_t>(group)) * lanes;
      const UnitBlock units{step, row + static_cast<std::size_t>(r), unit,
                            minimum(lanes, step.hidden - unit)};
      finish(kind, units, &sums[r][group * gates]);
    }
  }
}

/// All blocks for `Rows` rows. A tile takes `Groups` blocks; the remaining blocks are computed one
/// by one.
template <int Rows, int Groups, Fetch fetch, class Kind>
GRU_INLINE void compute_rows(Kind kind, const ForwardStep& step, const RowMajor& factor,
                             std::size_t row) {
  const std::size_t groups = (step.end_block - step.first_block) / Groups;
  for_each_in_order(groups, step.descending, [&](std::size_t group) {
    compute_tile<Rows, Groups, fetch>(kind, step, factor, row, step.first_block + group * Groups);
  });
  if constexpr (Groups > 1) {
    for (std::size_t block = step.first_block + groups * Groups; block < step.end_block; ++block) {
      compute_tile<Rows, 1, fetch>(kind, step, factor, row, block);
    }
  }
}

/// Rows of the largest tile. The registers have room for 24 sums besides the weights, or for 12 if
/// there are only 16 registers. With four gates that is 6 rows or 3.
constexpr std::size_t tile_rows(int gates) {
  if (gates < 4) return max_rows;
  return max_rows == 8 ? 6 : 3;
}

/// The number of blocks that a tile takes if there are few rows, so that enough sums are
/// independent.
constexpr int groups_of(int gates, int rows) {
  constexpr int pair = max_rows == 8 ? 2 : 1;
  if (rows > 2) return gates < 4 ? pair : 1;
  return gates < 4 ? 4 / rows : 2 * pair / rows;
}

/// With tiles of 6 rows, tiles of 3 to 5 rows compute the remaining rows of a block right after its
/// full tiles. They have enough sums for that, and the weights need not be read a second time. If
/// only one or two rows remain, they share smaller tiles with the six rows of a full tile.
constexpr bool keeps_rest(std::size_t tile) { return tile == 6; }

template <std::size_t tile>
GRU_INLINE std::size_t rows_of_full_tiles(std::size_t rows) {
  const std::size_t full = rows / tile * tile;
  const std::size_t rest = rows - full;
  return keeps_rest(tile) && full > 0 && (rest == 1 || rest == 2) ? full - tile : full;
}

/// Computes the rows of a block from `row` on that are no full tile: none, or at least three.
template <Fetch first, class Kind>
GRU_INLINE void compute_rest(Kind kind, const ForwardStep& step, const RowMajor& factor,
                             std::size_t row, std::size_t block) {
  switch (step.rows - row) {
    case 8:
      compute_tile<4, 1, first>(kind, step, factor, row, block);
      compute_tile<4, 1, Fetch::nothing>(kind, step, factor, row + 4, block);
      break;
    case 7:
      compute_tile<4, 1, first>(kind, step, factor, row, block);
      compute_tile<3, 1, Fetch::nothing>(kind, step, factor, row + 4, block);
      break;
    case 5:
      compute_tile<5, 1, first>(kind, step, factor, row, block);
      break;
    case 4:
      compute_tile<4, 1, first>(kind, step, factor, row, block);
      break;
    case 3:
      compute_tile<3, 1, first>(kind, step, factor, row, block);
      break;
    default:
      break;
  }
}

/// Computes full tiles, of rows 0..end, block by block, so that a block's weights stay in the cache
/// for all rows. The first tile prefetches them. With Fetch::next, the first tiles together
/// prefetch those of the next block instead.
template <Fetch fetch, class Kind>
GRU_INLINE void compute_full_tiles(Kind kind, const ForwardStep& step, const RowMajor& factor,
                                   std::size_t end) {
  constexpr std::size_t tile = tile_rows(Kind::gates);
  constexpr int rows = static_cast<int>(tile);
  constexpr std::size_t fetching = fetch == Fetch::next ? Kind::gates : 1;
  const std::size_t part = step.hidden * lanes;
  const std::size_t blocks = step.end_block - step.first_block;
  for_each_in_order(blocks, step.descending, [&](std::size_t i) {
    const std::size_t block = step.first_block + i;
    const std::size_t following = next_in_order(i, blocks, step.descending);
    const float* next = step.weights + (step.first_block + following) * Kind::gates * part;
    std::size_t row = 0;
    for (; row < fetching * tile; row += tile, next += part) {
      compute_tile<rows, 1, fetch>(kind, step, factor, row, block, next);
    }
    for (; row < end; row += tile) {
      compute_tile<rows, 1, Fetch::nothing>(kind, step, factor, row, block);
    }
    if constexpr (keeps_rest(tile)) compute_rest<Fetch::nothing>(kind, step, factor, row, block);
  });
}

/// Computes rows that are no full tile, or too few for one.
template <Fetch fetch, class Kind>
GRU_INLINE void compute_few(Kind kind, const ForwardStep& step, const RowMajor& factor,
                            std::size_t row) {
  constexpr int gates = Kind::gates;
  constexpr std::size_t tile = tile_rows(gates);
  if constexpr (keeps_rest(tile)) {
    if (step.rows - row > 2) {
      const std::size_t blocks = step.end_block - step.first_block;
      for_each_in_order(blocks, step.descending, [&](std::size_t block) {
        compute_rest<fetch>(kind, step, factor, row, step.first_block + block);
      });
      return;
    }
  } else if constexpr (tile > 4) {
    if (step.rows - row >= 4) {
      compute_rows<4, groups_of(gates, 4), fetch>(kind, step, factor, row);
      row += 4;
    }
  }
  switch (step.rows - row) {
    case 3:
      if constexpr (tile > 3 && !keeps_rest(tile)) {
        compute_rows<3, groups_of(gates, 3), fetch>(kind, step, factor, row);
      }
      break;
    case 2:
      compute_rows<2, groups_of(gates, 2), fetch>(kind, step, factor, row);
      break;
    case 1:
      compute_rows<1, groups_of(gates, 1), fetch>(kind, step, factor, row);
      break;
    default:
      break;
  }
}

template <Fetch fetch, class Kind>
GRU_INLINE void compute_fetching(Kind kind, const ForwardStep& step, const RowMajor& factor) {
  constexpr std::size_t tile = tile_rows(Kind::gates);
  const std::size_t full = rows_of_full_tiles<tile>(step.rows);
  if (full >= Kind::gates * tile && fetch == Fetch::own) {
    compute_full_tiles<Fetch::next>(kind, step, factor, full);
  } else if (full > 0) {
    compute_full_tiles<fetch>(kind, step, factor, full);
  }
  if (full == 0 || !keeps_rest(tile)) compute_few<fetch>(kind, step, factor, full);
}

template <class Kind>
GRU_INLINE void compute(Kind kind, const ForwardStep& step, const RowMajor& factor) {
  if (step.prefetch) {
    compute_fetching<Fetch::own>(kind, step, factor);
  } else {
    compute_fetching<Fetch::nothing>(kind, step, factor);
  }
}

GRU_INLINE RowMajor states(const ForwardStep& step) { return {step.state, step.state_stride}; }

}  // namespace

GRU_KERNELS_END
