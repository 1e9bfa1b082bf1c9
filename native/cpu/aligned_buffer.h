#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/size.h"
#include "base/status.h"
#include "cpu/aligned_memory.h"

namespace gru::cpu {

/// Floats in the host's memory. The buffer grows as needed and is reused. Its values are lost when
/// it grows.
class AlignedBuffer {
 public:
  Status reserve(CheckedSize count) {
    const auto elements = count.elements();
    if (elements && *elements <= capacity_) return {};
    void* memory = elements ? allocate_aligned(*elements * sizeof(float)) : nullptr;
    if (memory == nullptr) {
      return Status::memory(
          "scratch: expected room for " +
          (elements ? std::to_string(*elements) : std::string(max_elements_name) + " or more") +
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
    void operator()(float* memory) const { free_aligned(memory); }
  };
  std::unique_ptr<float, Free> data_;
  std::size_t capacity_ = 0;
};

}  // namespace gru::cpu
