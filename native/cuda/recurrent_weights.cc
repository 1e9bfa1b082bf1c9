#include "cuda/recurrent_weights.h"

#include "cuda/kernels/memory.h"
#include "cuda/kernels/states.h"

namespace gru::cuda {

CudaRecurrentWeights::~CudaRecurrentWeights() {
  // On a thread that has not used a device yet, freeing would start device 0, even if it is another
  // one.
  if (cudaSetDevice(ordinal_) != cudaSuccess) static_cast<void>(cudaGetLastError());
}

Status CudaRecurrentWeights::load(const RecurrentTensors<const float>& from, const Queue& queue) {
  tensors_ = from;
  // A GRU has a fourth bias, of q.
  GRU_RETURN_IF_ERROR(biases_.reserve(CheckedSize(4) * hidden(), queue));
  if (cell() == CellKind::lstm) return add_biases(queue);
  return pack_biases(queue, biases_.data(), from, hidden(), reset());
}

Status CudaRecurrentWeights::add_biases(const Queue& queue) {
  const std::size_t width = spec().gates * hidden();
  const DeviceMatrix<float> sums(biases_.data(), 1, width, width);
  if (tensors_.bias_ih.empty()) return fill(queue, sums, 0);
  GRU_RETURN_IF_ERROR(copy(queue, sums, {tensors_.bias_ih, width}));
  return add(queue, sums, {tensors_.bias_hh, width});
}

}  // namespace gru::cuda
