#pragma once

#include <cstddef>

namespace gru::cpu {

/// Every allocation starts at a cache line.
inline constexpr std::size_t cache_line = 64;

/// Large allocations start at a page of this size and ask the system for such pages. With small
/// pages, weights that are read from the outer caches would miss the address translation buffers at
/// every page.
inline constexpr std::size_t large_page = std::size_t{2} << 20;

/// Memory for `bytes` bytes, or null. Only free_aligned may free it.
void* allocate_aligned(std::size_t bytes) noexcept;

/// Frees memory of allocate_aligned. Null is allowed.
void free_aligned(void* memory) noexcept;

}  // namespace gru::cpu
