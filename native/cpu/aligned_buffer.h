#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/size.h"
#include "core/status.h"

namespace gru::cpu {

/// Every allocation starts at a cache line.
inline constexpr std::size_t cache_line = 64;

inline void* allocate_aligned(std::size_t bytes) noexcept {
  return std::aligned_alloc(cache_line, (bytes + cache_line - 1) / cache_line * cache_line);
}

/// Floats in the host's memory that grow as needed and are reused; their values do not survive growth.
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

 private:
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  std::unique_ptr<float, Free> data_;
  std::size_t capacity_ = 0;
};

}  // namespace gru::cpu
