#include "cpu/aligned_memory.h"

#include <cstdlib>

#if defined(_WIN32)
#include <malloc.h>
#elif defined(__linux__)
#include <sys/mman.h>
#endif

namespace gru::cpu {

void* allocate_aligned(std::size_t bytes) noexcept {
  const std::size_t alignment = bytes >= large_page ? large_page : cache_line;
  const std::size_t size = (bytes + alignment - 1) / alignment * alignment;
#if defined(_WIN32)
  return _aligned_malloc(size, alignment);
#else
  void* memory = std::aligned_alloc(alignment, size);
#if defined(__linux__)
  if (memory != nullptr && alignment == large_page) madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memory;
#endif
}

void free_aligned(void* memory) noexcept {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  std::free(memory);
#endif
}

}  // namespace gru::cpu
