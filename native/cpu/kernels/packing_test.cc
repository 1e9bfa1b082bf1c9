#include <vector>

#include "cpu/kernels/testing.h"

/// The packed orders of every instruction set, element by element, as kernel_table.h describes
/// them.
namespace gru::cpu {
namespace {

using testing::for_each_table;
using testing::guarded_vector;
using testing::GuardedMatrix;
using testing::Random;
using testing::random_floats;
using testing::random_matrix;
using testing::round_up;
using testing::source_of;
using testing::transposed;

TEST_CASE("panels cover the columns in whole vectors") {
  for_each_table([](const Kernels& table) {
    for (std::size_t columns = 1; columns <= 200; ++columns) {
      const std::size_t panels = table.panel_count(columns);
      CHECK(table.panel_column(0, columns) == 0);
      CHECK(table.panel_column(panels, columns) == columns);
      for (std::size_t panel = 0; panel < panels; ++panel) {
        const std::size_t begin = table.panel_column(panel, columns);
        const std::size_t end = table.panel_column(panel + 1, columns);
        CHECK(begin < end);
        CHECK(begin % table.lanes == 0);
      }
    }
  });
}

/// packed[panel][k][column of the panel], zeros past the last column.
void check_panels(const Kernels& table, GuardedMatrix& b, GuardedMatrix& packed, std::size_t first,
                  std::size_t end) {
  const std::size_t columns = b.columns();
  CHECK(packed.guards_hold());
  for (std::size_t panel = 0; panel < table.panel_count(columns); ++panel) {
    const std::size_t begin = table.panel_column(panel, columns);
    const std::size_t width = round_up(table.panel_column(panel + 1, columns), table.lanes) - begin;
    for (std::size_t k = 0; k < b.rows(); ++k) {
      for (std::size_t j = 0; j < width; ++j) {
        const std::size_t index = begin * b.rows() + k * width + j;
        if (panel < first || panel >= end) {
          CHECK(packed.untouched(0, index));
        } else {
          const float expected = begin + j < columns ? b.at(k, begin + j) : 0;
          CHECK(packed.at(0, index) == expected);
        }
      }
    }
  }
}

TEST_CASE("matrices are packed in panels as documented") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (int round = 0; round < 40; ++round) {
      GuardedMatrix b = random_matrix(random, random.size(1, 20), random.size(1, 100));
      GuardedMatrix b_transposed = transposed(b);
      const std::size_t panels = table.panel_count(b.columns());
      const std::size_t end = random.size(0, panels);
      const std::size_t first = random.size(0, end);
      const std::size_t size = round_up(b.columns(), table.lanes) * b.rows();
      const std::size_t depth = b.rows();
      const std::size_t cut = random.size(0, depth);  // the parts are packed separately
      GuardedMatrix packed = guarded_vector(size);
      const PackSource upper{b.data(), b.stride(), cut, b.columns()};
      const PackSource lower{b.data() + cut * b.stride(), b.stride(), depth - cut, b.columns()};
      table.pack_panels(upper, {packed.data(), depth, 0}, first, end);
      table.pack_panels(lower, {packed.data(), depth, cut}, first, end);
      check_panels(table, b, packed, first, end);
      GuardedMatrix transposed_packed = guarded_vector(size);
      const float* left = b_transposed.data();
      const std::size_t stride = b_transposed.stride();
      table.pack_panels_transposed({left, stride, b.columns(), cut},
                                   {transposed_packed.data(), depth, 0}, first, end);
      table.pack_panels_transposed({left + cut, stride, b.columns(), depth - cut},
                                   {transposed_packed.data(), depth, cut}, first, end);
      check_panels(table, b, transposed_packed, first, end);
    }
  });
}

TEST_CASE("recurrent weights are packed in gate blocks as documented") {
  for_each_table([](const Kernels& table) {
    Random random;
    const std::size_t lanes = table.lanes;
    for (int round = 0; round < 20; ++round) {
      const std::size_t hidden = random.size(1, 40);
      const std::size_t gates = random.size(1, 3);
      const std::size_t blocks = round_up(hidden, lanes) / lanes;
      const std::size_t end = random.size(0, blocks);
      const std::size_t first = random.size(0, end);
      const std::vector<float> weight = random_floats(random, gates * hidden * hidden);
      GuardedMatrix packed = guarded_vector(blocks * hidden * gates * lanes);
      table.pack_gates(weight.data(), hidden, gates, packed.data(), first, end);
      CHECK(packed.guards_hold());
      for (std::size_t index = 0; index < packed.columns(); ++index) {
        const std::size_t block = index / (hidden * gates * lanes);
        const std::size_t k = index / (gates * lanes) % hidden;
        const std::size_t gate = index / lanes % gates;
        const std::size_t unit = block * lanes + index % lanes;
        if (block < first || block >= end) {
          CHECK(packed.untouched(0, index));
        } else {
          const float expected = unit < hidden ? weight[(gate * hidden + unit) * hidden + k] : 0;
          CHECK(packed.at(0, index) == expected);
        }
      }
    }
  });
}

TEST_CASE("columns are packed in tiles as documented") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (int round = 0; round < 20; ++round) {
      GuardedMatrix a = random_matrix(random, random.size(1, 20), random.size(1, 30));
      const std::size_t tiles = round_up(a.columns(), table.max_rows) / table.max_rows;
      const std::size_t end = random.size(0, tiles);
      const std::size_t first = random.size(0, end);
      GuardedMatrix packed = guarded_vector(tiles * table.max_rows * a.rows());
      table.pack_tiles(source_of(a), packed.data(), first, end);
      CHECK(packed.guards_hold());
      for (std::size_t index = 0; index < packed.columns(); ++index) {
        const std::size_t tile = index / (a.rows() * table.max_rows);
        const std::size_t k = index / table.max_rows % a.rows();
        const std::size_t column = tile * table.max_rows + index % table.max_rows;
        if (tile < first || tile >= end) {
          CHECK(packed.untouched(0, index));
        } else {
          CHECK(packed.at(0, index) == (column < a.columns() ? a.at(k, column) : 0));
        }
      }
    }
  });
}

}  // namespace
}  // namespace gru::cpu
