#pragma once

#include <cstddef>

#include "cuda/resources.h"

namespace gru::cuda {

/// Copies from the caller's memory to the device through pinned slots. The caller's memory is free
/// again on return, and the host continues before the copy is done.
class Staging {
 public:
  Status upload(void* to, const void* from, std::size_t bytes, cudaStream_t stream, int ordinal);

  /// The bytes of the host's memory in use.
  std::size_t bytes() const { return memory_ ? slot_count * slot_bytes : 0; }

 private:
  static constexpr std::size_t slot_count = 4;
  static constexpr std::size_t slot_bytes = std::size_t{512} * 1024;

  Status prepare(std::size_t slot, int ordinal);

  PinnedMemory memory_;
  Event copied_[slot_count];  ///< for each slot: its last copy is done
  std::size_t next_ = 0;
};

}  // namespace gru::cuda
