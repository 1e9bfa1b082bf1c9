#include "cpu/recurrence/recurrence.h"

#include <algorithm>
#include <numeric>

#include "base/cell.h"
#include "cpu/cpu_device.h"
#include "cpu/products/product.h"

namespace gru::cpu {

namespace {

/// If threads divide the units, each step needs a barrier, which costs about a microsecond. With
/// less work than this for each thread it is not worth it.
constexpr double operations_per_step = 1.2e5;
/// If the largest share of sequences exceeds an even share by more than this factor, the other
/// threads wait longer for it than they would for barriers.
constexpr double most_uneven = 1.125;

bool is_even(const RowMap& map, unsigned parts) {
  std::size_t largest = 0;
  for (unsigned part = 0; part < parts; ++part) {
    const Range range = share_sequences(map, part, parts);
    const auto lengths = map.sorted_lengths().subspan(range.begin, range.end - range.begin);
    largest = std::max(largest, std::accumulate(lengths.begin(), lengths.end(), std::size_t{0}));
  }
  return static_cast<double>(largest * parts) <= most_uneven * static_cast<double>(map.rows());
}

}  // namespace

Division divide(const RowMap& map, const RecurrentShape& shape, double operations) {
  const unsigned wanted = std::min(threads(), threads_for(operations));
  if (wanted <= 1 || map.steps() == 0) return {};
  const std::size_t tile = kernels().max_rows;
  const std::size_t hidden = shape.hidden_size;
  const std::size_t weights = shape.spec().gates * hidden * hidden * sizeof(float);
  // If the weights do not fit a core's cache, it is better that each thread has its own part of
  // them.
  const bool by_sequences = map.batch() >= 2 * tile * wanted && !exceed_cache(weights);
  if (by_sequences && is_even(map, wanted)) return {wanted, true};

  const double rows = static_cast<double>(map.rows()) / static_cast<double>(map.steps());
  const double step = 2.0 * static_cast<double>(weights / sizeof(float)) * rows;
  const double worth = std::max(1.0, step / operations_per_step);
  const auto panels = static_cast<double>(kernels().panel_count(hidden));  // each thread needs one
  const auto by_units =
      static_cast<unsigned>(std::min({worth, static_cast<double>(wanted), panels}));
  if (by_units <= 1 && map.batch() >= tile * wanted) return {wanted, true};
  return {by_units, false};
}

Range share_sequences(const RowMap& map, unsigned index, unsigned parts) {
  const std::size_t tile = kernels().max_rows;
  const auto lengths = map.sorted_lengths();
  const auto cut = [&](unsigned part) {
    const std::size_t target = map.rows() * part / parts;
    std::size_t sequence = 0;
    std::size_t sum = 0;
    while (sequence < lengths.size() && sum < target) {
      const std::size_t end = std::min(sequence + tile, lengths.size());
      for (; sequence < end; ++sequence) sum += static_cast<std::size_t>(lengths[sequence]);
    }
    return part == parts ? map.batch() : sequence;
  };
  return {cut(index), cut(index + 1)};
}

}  // namespace gru::cpu
