#include "cuda/kernels/matrix.h"
#include "cuda/kernels/memory.h"

namespace gru::cuda {

namespace {

__global__ void __launch_bounds__(plain_threads) fill_kernel(Matrix<float> to, float value) {
  for_each_element(to.rows, to.columns, [&](std::size_t i, std::size_t j) { to.at(i, j) = value; });
}

__global__ void __launch_bounds__(plain_threads)
    copy_kernel(Matrix<float> to, Matrix<const float> from) {
  for_each_element(to.rows, to.columns,
                   [&](std::size_t i, std::size_t j) { to.at(i, j) = from.at(i, j); });
}

__global__ void __launch_bounds__(plain_threads)
    add_kernel(Matrix<float> to, Matrix<const float> from) {
  for_each_element(to.rows, to.columns,
                   [&](std::size_t i, std::size_t j) { to.at(i, j) += from.at(i, j); });
}

template <class T>
__global__ void __launch_bounds__(plain_threads)
    gather_kernel(Matrix<T> to, Matrix<const T> from, const std::int32_t* index) {
  for_each_element(to.rows, to.columns, [&](std::size_t i, std::size_t j) {
    const std::int32_t row = index[i];
    to.at(i, j) = row < 0 ? T{0} : from.at(static_cast<std::size_t>(row), j);
  });
}

__global__ void __launch_bounds__(plain_threads)
    dropout_kernel(Matrix<float> to, Matrix<const float> from, DropoutMask mask,
                   const std::int32_t* number) {
  for_each_element(to.rows, to.columns, [&](std::size_t i, std::size_t j) {
    const std::size_t row = number == nullptr ? i : static_cast<std::size_t>(number[i]);
    to.at(i, j) = from.at(i, j) * mask.scale(row * to.columns + j);
  });
}

}  // namespace

Status fill(const Queue& queue, DeviceMatrix<float> to, float value) {
  return launch(queue, fill_kernel, matrix_shape(to.rows(), to.columns()), to, value);
}

Status copy(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from) {
  return launch(queue, copy_kernel, matrix_shape(to.rows(), to.columns()), to, from);
}

Status add(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from) {
  return launch(queue, add_kernel, matrix_shape(to.rows(), to.columns()), to, from);
}

Status gather_rows(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from,
                   DeviceSpan<const std::int32_t> index) {
  return launch(queue, gather_kernel<float>, matrix_shape(to.rows(), to.columns()), to, from,
                index.data());
}

Status gather_rows(const Queue& queue, DeviceSpan<std::int32_t> to,
                   DeviceSpan<const std::int32_t> from, DeviceSpan<const std::int32_t> index) {
  return launch(queue, gather_kernel<std::int32_t>, matrix_shape(to.size(), 1),
                DeviceMatrix<std::int32_t>(to, 1), DeviceMatrix<const std::int32_t>(from, 1),
                index.data());
}

Status dropout(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from,
               const DropoutMask& mask, DeviceSpan<const std::int32_t> number) {
  return launch(queue, dropout_kernel, matrix_shape(to.rows(), to.columns()), to, from, mask,
                number.empty() ? nullptr : number.data());
}

}  // namespace gru::cuda
