#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"

namespace gru {

/// Value status naming ids[place], unless 0 <= ids[place] < limit.
Status check_id(const char* name, std::span<const std::int32_t> ids, std::size_t place,
                std::size_t limit);

/// Value status naming the first of `ids` that is not 0 <= id < limit. Only the places in `rows`
/// are looked at, or all of them where `rows` is empty: padded steps may hold anything.
Status check_ids(const char* name, std::span<const std::int32_t> ids,
                 std::span<const std::int32_t> rows, std::size_t limit);

}  // namespace gru
