#include <vector>

#include "cpu/kernels/testing.h"

/// Products of every instruction set against their definitions.
namespace gru::cpu {
namespace {

using testing::coin;
using testing::for_each_table;
using testing::GuardedMatrix;
using testing::Random;
using testing::random_floats;
using testing::random_matrix;
using testing::round_up;
using testing::rounding;
using testing::same_bits;
using testing::source_of;
using testing::transposed;

/// A random product with all its operands; `compute` runs any part of it.
struct Example {
  const Kernels& table;
  std::size_t rows, depth, columns, first_k, end_k;
  GuardedMatrix a, b, before;
  std::vector<float> bias, packed;
  bool accumulate;
  // The order of panels and `prefetch` alternate: they must not change the result.
  bool descending;
  bool prefetch;

  Example(const Kernels& kernels, Random& random)
      : table(kernels),
        rows(random.size(0, 9) + (coin(random) ? random.size(1, 3) * kernels.max_rows : 0)),
        depth(random.size(1, 70)),
        columns(random.size(1, coin(random) ? 100 : 400)),
        first_k(coin(random) ? 0 : random.size(0, depth - 1)),
        end_k(first_k == 0 ? depth : random.size(first_k + 1, depth)),
        a(random_matrix(random, rows, depth)),
        b(random_matrix(random, depth, columns)),
        before(random_matrix(random, rows, columns)),
        bias(coin(random) ? random_floats(random, columns) : std::vector<float>()),
        packed(round_up(columns, kernels.lanes) * depth),
        accumulate(coin(random)),
        descending(coin(random)),
        prefetch(coin(random)) {
    table.pack_panels(source_of(b), {packed.data(), depth, 0}, 0, panels());
  }

  std::size_t panels() const { return table.panel_count(columns); }
  std::size_t tiles() const { return round_up(rows, table.max_rows) / table.max_rows; }

  PanelProduct part(GuardedMatrix& c, std::size_t first_row, std::size_t end_row,
                    std::size_t first_panel, std::size_t end_panel) {
    PanelProduct product{};
    product.a = a.data() + first_row * a.stride();
    product.a_stride = a.stride();
    product.b = packed.data();
    product.b_depth = depth;
    product.first_k = first_k;
    product.end_k = end_k;
    product.c = c.data() + first_row * c.stride();
    product.c_stride = c.stride();
    product.bias = bias.empty() ? nullptr : bias.data();
    product.accumulate = accumulate;
    product.rows = end_row - first_row;
    product.columns = columns;
    product.first_panel = first_panel;
    product.end_panel = end_panel;
    product.descending = descending = !descending;
    product.prefetch = prefetch = prefetch != descending;
    return product;
  }

  /// The same part for tile_product, with a's rows packed in `memory`.
  PanelProduct tile_part(GuardedMatrix& c, std::size_t first_tile, std::size_t end_tile,
                         std::size_t first_panel, std::size_t end_panel,
                         std::vector<float>& memory) {
    GuardedMatrix a_transposed = transposed(a);
    memory.assign(tiles() * table.max_rows * depth, 0);
    table.pack_tiles(source_of(a_transposed), memory.data(), 0, tiles());
    const std::size_t first_row = first_tile * table.max_rows;
    PanelProduct product =
        part(c, first_row, std::min(end_tile * table.max_rows, rows), first_panel, end_panel);
    product.a = memory.data() + first_row * depth;
    return product;
  }

  /// Element (i, j) in double. `bound` is the largest error of a float sum in any order; with sums
  /// in double it is one rounding of the result.
  double expected(std::size_t i, std::size_t j, bool exact, double& bound) {
    double sum = 0;
    double magnitude = 0;
    const auto add = [&](double term) {
      sum += term;
      magnitude += std::abs(term);
    };
    if (!bias.empty()) add(static_cast<double>(bias[j]));
    if (accumulate) add(static_cast<double>(before.at(i, j)));
    for (std::size_t k = first_k; k < end_k; ++k) {
      add(static_cast<double>(a.at(i, k)) * static_cast<double>(b.at(k, j)));
    }
    const auto terms = static_cast<double>(end_k - first_k + 3);
    bound = exact ? rounding * std::abs(sum) + terms * 0x1p-53 * magnitude
                  : terms * rounding * (magnitude);
    return sum;
  }

  /// The contents of c before the call: random numbers if the product is added to them, otherwise
  /// marks.
  GuardedMatrix result() {
    GuardedMatrix c(rows, columns);
    if (accumulate) c.assign(before.values());
    return c;
  }

  void check(GuardedMatrix& c, std::size_t first_row, std::size_t end_row, std::size_t first_panel,
             std::size_t end_panel, bool exact = false) {
    GuardedMatrix untouched = result();
    const std::size_t first_column = table.panel_column(first_panel, columns);
    const std::size_t end_column = table.panel_column(end_panel, columns);
    CHECK(c.guards_hold());
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        const bool inside = i >= first_row && i < end_row && j >= first_column && j < end_column;
        if (inside) {
          double bound = 0;
          const double value = expected(i, j, exact, bound);
          GRU_CHECK_NEAR(static_cast<double>(c.at(i, j)), value, bound);
        } else {
          CHECK(same_bits({&c.at(i, j), 1}, {&untouched.at(i, j), 1}));
        }
      }
    }
  }
};

TEST_CASE("panel products are products and touch nothing else") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (int round = 0; round < 100; ++round) {
      Example example(table, random);
      const std::size_t end = random.size(0, example.panels());
      const std::size_t first = coin(random) ? 0 : random.size(0, end);
      GuardedMatrix c = example.result();
      table.panel_product(example.part(c, 0, example.rows, first, end));
      example.check(c, 0, example.rows, first, end);
    }
  });
}

TEST_CASE("exact products are rounded once and touch nothing else") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (int round = 0; round < 60; ++round) {
      Example example(table, random);
      const std::size_t end = random.size(0, example.panels());
      const std::size_t first = coin(random) ? 0 : random.size(0, end);
      GuardedMatrix c = example.result();
      table.exact_product(example.part(c, 0, example.rows, first, end));
      example.check(c, 0, example.rows, first, end, true);
    }
  });
}

TEST_CASE("tile products are products and touch nothing else") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (int round = 0; round < 100; ++round) {
      Example example(table, random);
      const std::size_t end = random.size(0, example.panels());
      const std::size_t first = coin(random) ? 0 : random.size(0, end);
      const std::size_t end_tile = random.size(0, example.tiles());
      const std::size_t first_tile = end_tile == 0 ? 0 : random.size(0, end_tile - 1);
      std::vector<float> memory;
      GuardedMatrix c = example.result();
      table.tile_product(example.tile_part(c, first_tile, end_tile, first, end, memory));
      example.check(c, first_tile * table.max_rows,
                    std::min(end_tile * table.max_rows, example.rows), first, end);
    }
  });
}

TEST_CASE("bits of a panel product do not depend on its cut") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (int round = 0; round < 30; ++round) {
      Example example(table, random);
      GuardedMatrix whole = example.result();
      GuardedMatrix by_rows = example.result();
      GuardedMatrix by_panels = example.result();
      table.panel_product(example.part(whole, 0, example.rows, 0, example.panels()));
      for (std::size_t row = 0; row < example.rows;) {
        const std::size_t end = random.size(row + 1, example.rows);
        table.panel_product(example.part(by_rows, row, end, 0, example.panels()));
        row = end;
      }
      for (std::size_t panel = 0; panel < example.panels();) {
        const std::size_t end = random.size(panel + 1, example.panels());
        table.panel_product(example.part(by_panels, 0, example.rows, panel, end));
        panel = end;
      }
      CHECK(same_bits(whole.values(), by_rows.values()));
      CHECK(same_bits(whole.values(), by_panels.values()));
    }
  });
}

TEST_CASE("bits of a tile product do not depend on its cut") {
  for_each_table([](const Kernels& table) {
    Random random;
    for (int round = 0; round < 30; ++round) {
      Example example(table, random);
      std::vector<float> memory;
      GuardedMatrix whole = example.result();
      GuardedMatrix in_parts = example.result();
      table.tile_product(example.tile_part(whole, 0, example.tiles(), 0, example.panels(), memory));
      for (std::size_t tile = 0; tile < example.tiles(); ++tile) {
        for (std::size_t panel = 0; panel < example.panels(); ++panel) {
          table.tile_product(example.tile_part(in_parts, tile, tile + 1, panel, panel + 1, memory));
        }
      }
      CHECK(same_bits(whole.values(), in_parts.values()));
    }
  });
}

}  // namespace
}  // namespace gru::cpu
