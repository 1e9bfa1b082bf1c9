#pragma once

#include <cstdint>

#include "device/buffer.h"

namespace gru {

/// Memory for one reserve (RecurrentForward::reserve) that recurrent layers and passes share. Each
/// forward call of a direction of a layer overwrites the reserve of the call before. Backward
/// repeats the forward call whose reserve it needs, unless that was the last one.
class SharedReserve {
 public:
  /// Makes room for another reserve of `count` elements. `number` identifies it in holds().
  Status open(Device& device, CheckedSize count, std::uint64_t& number) {
    number = ++number_;
    return values_.reserve(device, count);
  }
  /// Whether no other reserve was opened since the one with this number. No reserve has number 0.
  bool holds(std::uint64_t number) const { return number == number_ && number != 0; }
  DeviceSpan<float> values() { return values_.span(); }
  /// Frees the memory; no reserve is held any more.
  void trim() {
    ++number_;
    values_ = {};
  }
  std::size_t held_bytes() const { return values_.bytes(); }

 private:
  Buffer<float> values_;
  std::uint64_t number_ = 0;  ///< of the last one that was opened
};

}  // namespace gru
