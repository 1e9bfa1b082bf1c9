#pragma once

#include <cuda_runtime.h>

#include <cstddef>

#include "device/device.h"

namespace gru::cuda {

/// A row-major matrix for kernels.
template <class T>
struct Matrix {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t stride = 0;

  Matrix() = default;
  Matrix(DeviceMatrix<T> of)  // NOLINT: the same matrix
      : data(of.data()), rows(of.rows()), columns(of.columns()), stride(of.stride()) {}

  __device__ T& at(std::size_t row, std::size_t column) const {
    return data[row * stride + column];
  }
  __device__ bool is_dense() const { return stride == columns; }
};

/// Calls body(row, column) for this thread's elements of a matrix, in a launch of matrix_shape.
template <class Body>
__device__ __forceinline__ void for_each_element(std::size_t rows, std::size_t columns,
                                                 const Body& body) {
  const std::size_t row_step = std::size_t{gridDim.y} * blockDim.y;
  const std::size_t column_step = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t row = std::size_t{blockIdx.y} * blockDim.y + threadIdx.y; row < rows;
       row += row_step) {
    for (std::size_t column = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; column < columns;
         column += column_step) {
      body(row, column);
    }
  }
}

/// Calls body(i) for this thread's part of 0..count, in a launch of vector_shape.
template <class Body>
__device__ __forceinline__ void for_each_index(std::size_t count, const Body& body) {
  const std::size_t step = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
    body(i);
  }
}

}  // namespace gru::cuda
