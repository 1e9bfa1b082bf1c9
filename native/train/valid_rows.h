#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "layers/layer.h"

namespace gru {

/// The number of rows that an output has in a batch, without padding.
inline std::size_t valid_rows(const EdgeShape& shape, const RowMap& map) {
  return shape.every == Every::step ? map.rows() : map.nonempty_sequences();
}

/// Calls check(row) for the caller's rows that count; of a row for each sequence, those of the
/// sequences that have a step.
template <class Check>
Status for_each_valid_row(const EdgeShape& shape, const RowMap& map, const Check& check) {
  const std::span<const std::int32_t> rows =
      shape.every == Every::step ? map.to_padded() : map.sorted_indices();
  const std::size_t count = valid_rows(shape, map);
  for (std::size_t i = 0; i < count; ++i) {
    GRU_RETURN_IF_ERROR(check(rows.empty() ? i : static_cast<std::size_t>(rows[i])));
  }
  return {};
}

}  // namespace gru
