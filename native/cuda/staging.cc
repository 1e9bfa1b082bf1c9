#include "cuda/staging.h"

#include <algorithm>
#include <cstring>

namespace gru::cuda {

// All slots are one allocation, since freeing one waits for all work that is queued on the device.
Status Staging::prepare(std::size_t slot, int ordinal) {
  if (!memory_) GRU_RETURN_IF_ERROR(create(memory_, slot_count * slot_bytes, ordinal));
  if (!copied_[slot]) return create(copied_[slot], ordinal);
  GRU_RETURN_IF_CUDA_ERROR(ordinal, cudaEventSynchronize(copied_[slot].get()));
  return {};
}

Status Staging::upload(void* to, const void* from, std::size_t bytes, cudaStream_t stream,
                       int ordinal) {
  for (std::size_t done = 0; done < bytes; done += slot_bytes) {
    const std::size_t slot = next_;
    next_ = (next_ + 1) % slot_count;
    GRU_RETURN_IF_ERROR(prepare(slot, ordinal));
    const std::size_t part = std::min(slot_bytes, bytes - done);
    char* const staged = static_cast<char*>(memory_.get()) + slot * slot_bytes;
    std::memcpy(staged, static_cast<const char*>(from) + done, part);
    GRU_RETURN_IF_CUDA_ERROR(ordinal, cudaMemcpyAsync(static_cast<char*>(to) + done, staged, part,
                                                      cudaMemcpyHostToDevice, stream));
    GRU_RETURN_IF_CUDA_ERROR(ordinal, cudaEventRecord(copied_[slot].get(), stream));
  }
  return {};
}

}  // namespace gru::cuda
