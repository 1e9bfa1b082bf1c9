#include "base/rows.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "testing/random_cases.h"

namespace gru {
namespace {

using testing::Random;

struct Batch {
  std::size_t steps;
  std::size_t batch;
  std::vector<std::int32_t> lengths;
  bool batch_first = false;

  std::size_t length(std::size_t b) const {
    return lengths.empty() ? steps : static_cast<std::size_t>(lengths[b]);
  }
  std::size_t padded(std::size_t t, std::size_t b) const {
    return batch_first ? b * steps + t : t * batch + b;
  }
  RowMap build() const {
    RowMap map;
    GRU_CHECK_OK(RowMap::build({steps, batch, lengths}, batch_first, map));
    return map;
  }
};

/// The definition in rows.h, written as plain loops: sequences by decreasing length, equal lengths
/// in the caller's order; then step by step the sequences that have the step.
struct Naive {
  std::vector<std::int32_t> sorted_indices, to_padded, to_packed, logical;
  std::vector<std::size_t> first;

  explicit Naive(const Batch& of) : to_packed(of.steps * of.batch, -1) {
    for (std::size_t length = of.steps + 1; length > 0; --length) {
      for (std::size_t b = 0; b < of.batch; ++b) {
        if (of.length(b) == length - 1) sorted_indices.push_back(static_cast<std::int32_t>(b));
      }
    }
    for (std::size_t t = 0; t < of.steps; ++t) {
      first.push_back(to_padded.size());
      for (const std::int32_t sequence : sorted_indices) {
        const auto b = static_cast<std::size_t>(sequence);
        if (t >= of.length(b)) continue;
        to_packed[of.padded(t, b)] = static_cast<std::int32_t>(to_padded.size());
        to_padded.push_back(static_cast<std::int32_t>(of.padded(t, b)));
        logical.push_back(static_cast<std::int32_t>(t * of.batch + b));
      }
    }
    first.push_back(to_padded.size());
  }
};

/// An empty table stands for the identity.
std::vector<std::int32_t> in_full(std::span<const std::int32_t> table, std::size_t count) {
  std::vector<std::int32_t> full(table.begin(), table.end());
  if (table.empty()) {
    full.resize(count);
    std::iota(full.begin(), full.end(), 0);
  }
  return full;
}

bool is_identity(const std::vector<std::int32_t>& table) {
  return table == in_full({}, table.size());
}

void check_sizes(const Batch& of, const RowMap& map, const Naive& naive) {
  CHECK(map.steps() == of.steps);
  CHECK(map.batch() == of.batch);
  CHECK(map.rows() == naive.to_padded.size());
  CHECK(map.padded_rows() == of.steps * of.batch);
  CHECK(std::ranges::equal(map.first(), naive.first));
  for (std::size_t t = 0; t < of.steps; ++t) {
    CHECK(map.first(t) == naive.first[t]);
    CHECK(map.batch_size(t) == naive.first[t + 1] - naive.first[t]);
  }
  std::size_t nonempty = 0;
  for (std::size_t b = 0; b < of.batch; ++b) nonempty += of.length(b) > 0 ? 1 : 0;
  CHECK(map.nonempty_sequences() == nonempty);
}

void check_rows(const Batch& of, const RowMap& map, const Naive& naive) {
  CHECK(in_full(map.to_padded(), map.rows()) == naive.to_padded);
  CHECK(in_full(map.to_packed(), map.padded_rows()) == naive.to_packed);
  CHECK(in_full(map.logical(), map.rows()) == naive.logical);
  CHECK((map.is_identity() == map.to_padded().empty() || map.rows() == 0));
  if (map.is_identity()) CHECK(is_identity(naive.to_packed));
  const auto full = [&of](std::size_t b) { return of.length(b) == of.steps; };
  bool dense = true;
  for (std::size_t b = 0; b < of.batch; ++b) dense = dense && full(b);
  CHECK(map.is_dense() == dense);
}

void check_order(const Batch& of, const RowMap& map, const Naive& naive) {
  CHECK(in_full(map.sorted_indices(), of.batch) == naive.sorted_indices);
  CHECK(map.keeps_order() == is_identity(naive.sorted_indices));
  const std::vector<std::int32_t> unsorted = in_full(map.unsorted_indices(), of.batch);
  CHECK(map.sorted_lengths().size() == of.batch);
  for (std::size_t i = 0; i < of.batch; ++i) {
    const auto b = static_cast<std::size_t>(naive.sorted_indices[i]);
    CHECK(unsorted[b] == static_cast<std::int32_t>(i));
    CHECK(static_cast<std::size_t>(map.sorted_lengths()[i]) == of.length(b));
    if (!map.keeps_order()) {
      CHECK(map.nonempty_unsorted_indices()[b] == (of.length(b) == 0 ? -1 : unsorted[b]));
    }
  }
  CHECK(map.nonempty_unsorted_indices().size() == (map.keeps_order() ? 0 : of.batch));
}

void check_against_definition(const Batch& of) {
  const RowMap map = of.build();
  const Naive naive(of);
  check_sizes(of, map, naive);
  check_rows(of, map, naive);
  check_order(of, map, naive);
}

TEST_CASE("dense and ragged batches are mapped as defined") {
  Random random;
  for (int round = 0; round < 200; ++round) {
    Batch batch{random.size(0, 7), random.size(0, 7), {}, random.size(0, 1) == 1};
    check_against_definition(batch);
    batch.lengths = random.lengths(batch.batch, batch.steps);
    check_against_definition(batch);
    std::ranges::sort(batch.lengths, std::greater());
    check_against_definition(batch);
  }
}

TEST_CASE("lengths at the edges are mapped as defined") {
  for (const bool batch_first : {false, true}) {
    check_against_definition({3, 4, {0, 0, 0, 0}, batch_first});
    check_against_definition({3, 4, {3, 3, 3, 3}, batch_first});
    check_against_definition({3, 4, {0, 3, 0, 3}, batch_first});
    check_against_definition({3, 4, {2, 2, 2, 2}, batch_first});
    check_against_definition({1, 1, {0}, batch_first});
    check_against_definition({5, 1, {2}, batch_first});
    check_against_definition({0, 3, {0, 0, 0}, batch_first});
  }
}

TEST_CASE("a dense, time-major batch needs no tables") {
  const RowMap map = Batch{4, 3, {}}.build();
  CHECK(map.is_identity());
  CHECK(map.is_dense());
  CHECK(map.keeps_order());
  CHECK(map.to_padded().empty());
  CHECK(map.to_packed().empty());
  CHECK(map.logical().empty());
  CHECK(Batch({4, 3, {4, 4, 4}}).build().is_identity());
  CHECK(Batch({1, 3, {}, true}).build().is_identity());
  CHECK(Batch({4, 1, {}, true}).build().is_identity());
  CHECK(!Batch({4, 3, {}, true}).build().is_identity());
}

}  // namespace
}  // namespace gru
