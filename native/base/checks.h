#pragma once

#include <cstdint>
#include <span>

#include "base/size.h"
#include "base/status.h"

namespace gru {

/// Shape status naming `name` unless `got` is what was expected.
Status check_count(const char* name, CheckedSize expected, std::size_t got);
/// The same where nothing at all is right too.
Status check_optional_count(const char* name, CheckedSize expected, std::size_t got);

/// Value status naming the first of `ids` that is not 0 <= id < limit. Only the places in `rows`
/// are looked at, or all of them where `rows` is empty: what stands at padded steps is nobody's.
Status check_ids(const char* name, std::span<const std::int32_t> ids,
                 std::span<const std::int32_t> rows, std::size_t limit);

}  // namespace gru
