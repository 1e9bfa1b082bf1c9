#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "base/size.h"
#include "base/status.h"

namespace gru::cpu {

/// Every allocation starts at a cache line.
inline constexpr std::size_t cache_line = 64;

/// Large allocations start at a page of this size and ask the system for such pages. With small
/// pages, weights that are read from the outer caches would miss the address translation buffers at
/// every page.
inline constexpr std::size_t large_page = std::size_t{2} << 20;

inline void* allocate_aligned(std::size_t bytes) noexcept {
  const std::size_t alignment = bytes >= large_page ? large_page : cache_line;
  const std::size_t size = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, size);
#if defined(__linux__)
  if (memory != nullptr && alignment == large_page) madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memory;
}

/// Floats in the host's memory. The buffer grows as needed and is reused. Its values are lost when
/// it grows.
class AlignedBuffer {
 public:
  Status reserve(CheckedSize count) {
    const auto elements = count.elements();
    if (elements && *elements <= capacity_) return {};
    void* memory = elements ? allocate_aligned(*elements * sizeof(float)) : nullptr;
    if (memory == nullptr) {
      return Status::memory("scratch: expected room for " +
                            (elements ? std::to_string(*elements) : std::string("2^48 or more")) +
                            " floats, got none");
    }
    data_.reset(static_cast<float*>(memory));
    capacity_ = *elements;
    return {};
  }

  float* data() const { return data_.get(); }
  std::size_t bytes() const { return capacity_ * sizeof(float); }

 private:
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  std::unique_ptr<float, Free> data_;
  std::size_t capacity_ = 0;
};

}  // namespace gru::cpu
