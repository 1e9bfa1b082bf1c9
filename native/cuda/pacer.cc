#include "cuda/pacer.h"

namespace gru::cuda {

Status Pacer::begin(const AbortFlag* abort, const Queue& queue) {
  if (abort == nullptr) return {};
  if (done_[next_]) {
    GRU_RETURN_IF_CUDA_ERROR(queue.ordinal, cudaEventSynchronize(done_[next_].get()));
  }
  return abort->load(std::memory_order_relaxed) ? Status::aborted() : Status();
}

Status Pacer::end(const AbortFlag* abort, const Queue& queue) {
  if (abort == nullptr) return {};
  Event& done = done_[next_];
  next_ = 1 - next_;
  if (!done) GRU_RETURN_IF_ERROR(create(done, queue.ordinal));
  GRU_RETURN_IF_CUDA_ERROR(queue.ordinal, cudaEventRecord(done.get(), queue.stream));
  return {};
}

}  // namespace gru::cuda
