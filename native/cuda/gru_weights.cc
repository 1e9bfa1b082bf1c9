#include "cuda/gru_weights.h"

#include "cuda/kernels/states.h"

namespace gru::cuda {

CudaRecurrentWeights::~CudaRecurrentWeights() {
  // On a thread that has used no device yet, freeing would start the first one, whichever this is.
  if (cudaSetDevice(ordinal_) != cudaSuccess) static_cast<void>(cudaGetLastError());
}

Status CudaRecurrentWeights::load(const RecurrentTensors<const float>& from, const Queue& queue) {
  tensors_ = from;
  GRU_RETURN_IF_ERROR(biases_.reserve(CheckedSize(reserve_gates) * hidden(), queue));
  return pack_biases(queue, biases_.data(), from, hidden(), reset());
}

}  // namespace gru::cuda
