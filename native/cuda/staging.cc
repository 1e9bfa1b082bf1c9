#include "cuda/staging.h"

#include <algorithm>
#include <cstring>

namespace gru::cuda {

Status Staging::prepare(Slot& slot, int ordinal) {
  if (!slot.copied) GRU_RETURN_IF_ERROR(create(slot.copied, ordinal));
  if (!slot.memory) return create(slot.memory, slot_bytes, ordinal);
  GRU_RETURN_IF_CUDA_ERROR(ordinal, cudaEventSynchronize(slot.copied.get()));
  return {};
}

Status Staging::upload(void* to, const void* from, std::size_t bytes, cudaStream_t stream,
                       int ordinal) {
  for (std::size_t done = 0; done < bytes; done += slot_bytes) {
    Slot& slot = slots_[next_];
    next_ = (next_ + 1) % slot_count;
    GRU_RETURN_IF_ERROR(prepare(slot, ordinal));
    const std::size_t part = std::min(slot_bytes, bytes - done);
    std::memcpy(slot.memory.get(), static_cast<const char*>(from) + done, part);
    GRU_RETURN_IF_CUDA_ERROR(ordinal,
                             cudaMemcpyAsync(static_cast<char*>(to) + done, slot.memory.get(), part,
                                             cudaMemcpyHostToDevice, stream));
    GRU_RETURN_IF_CUDA_ERROR(ordinal, cudaEventRecord(slot.copied.get(), stream));
  }
  return {};
}

}  // namespace gru::cuda
