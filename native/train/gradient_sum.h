#pragma once

#include "device/buffer.h"

namespace gru {

/// The sum of the gradients of several passes, in the layout of all parameters. The first pass
/// writes into the sum itself. Only a second pass needs more memory.
class GradientSum {
 public:
  Status create(Device& device, std::size_t count) { return sum_.reserve(device, count); }

  bool is_empty() const { return passes_ == 0; }
  /// Makes the sum empty.
  void clear() { passes_ = 0; }
  /// Memory for the gradients of one more pass. `add` then adds them to the sum.
  Status open(Device& device, DeviceSpan<float>& room) {
    if (!is_empty()) GRU_RETURN_IF_ERROR(next_.reserve(device, sum_.size()));
    room = is_empty() ? sum_.span() : next_.span();
    return {};
  }
  Status add(Device& device) {
    if (!is_empty()) {
      const std::size_t count = sum_.size();
      GRU_RETURN_IF_ERROR(device.add(DeviceMatrix<float>(sum_.span(), count),
                                     DeviceMatrix<const float>(next_.span(), count)));
    }
    ++passes_;
    return {};
  }
  DeviceSpan<float> values() { return sum_.span(); }
  std::size_t held_bytes() const { return bytes_of(sum_, next_); }
  /// Frees the memory that only a second pass needs.
  void trim() { next_ = {}; }

 private:
  std::size_t passes_ = 0;
  Buffer<float> sum_;
  Buffer<float> next_;
};

}  // namespace gru
