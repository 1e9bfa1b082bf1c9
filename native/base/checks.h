#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/status.h"

namespace gru {

/// A number as messages write it: with up to nine digits.
std::string text_of(double number);

/// Fails with a value status that names ids[index], unless 0 <= ids[index] < limit.
Status check_id(const char* name, std::span<const std::int32_t> ids, std::size_t index,
                std::size_t limit);

/// Fails with a value status that names the first id outside 0 <= id < limit. `rows` lists the
/// indices that are checked; if it is empty, all are. Padded steps may hold any number.
Status check_ids(const char* name, std::span<const std::int32_t> ids,
                 std::span<const std::int32_t> rows, std::size_t limit);

/// Fails with a value status that names values[index], unless 0 <= values[index] <= 1. A value that
/// is not finite passes: other checks find it.
Status check_probability(const char* name, std::span<const float> values, std::size_t index);

}  // namespace gru
