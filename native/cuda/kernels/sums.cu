#include "cuda/kernels/matrix.h"
#include "cuda/kernels/sums.h"
#include "cuda/platform.h"

namespace gru::cuda {

namespace {

/// The number of rows whose sums are formed separately first. Rounding then grows with the depth of
/// the tree of sums and not with the number of rows.
constexpr std::size_t sum_rows = 128;

/// parts.at(p, j) = the sum of column j over the p-th group of sum_rows rows.
__global__ void __launch_bounds__(plain_threads)
    partial_sums_kernel(Matrix<float> parts, Matrix<const float> from) {
  for_each_element(parts.rows, parts.columns, [&](std::size_t part, std::size_t j) {
    const std::size_t begin = part * sum_rows;
    const std::size_t end = begin + sum_rows < from.rows ? begin + sum_rows : from.rows;
    float sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += from.at(i, j);
    parts.at(part, j) = sum;
  });
}

__global__ void __launch_bounds__(plain_threads)
    sum_parts_kernel(float* to, Matrix<const float> parts) {
  for_each_index(parts.columns, [&](std::size_t j) {
    float sum = 0;
    for (std::size_t part = 0; part < parts.rows; ++part) sum += parts.at(part, j);
    to[j] = sum;
  });
}

__global__ void __launch_bounds__(plain_threads)
    mark_tokens_kernel(unsigned* was_read, const std::int32_t* tokens, std::size_t count) {
  for_each_index(count, [&](std::size_t i) { atomicExch(&was_read[tokens[i]], 1U); });
}

/// The columns that a lane sums. They are a warp's width apart.
constexpr unsigned lane_columns = 4;
constexpr unsigned embedding_warps = 4;  ///< of a block
constexpr unsigned warp_columns = lane_columns * warp_size;

/// Adds a row to this lane's columns from `first` on.
__device__ __forceinline__ void add_row(float (&sums)[lane_columns], Matrix<const float> from,
                                        std::size_t row, std::size_t first) {
  for (unsigned c = 0; c < lane_columns; ++c) {
    const std::size_t column = first + c * warp_size;
    if (column < from.columns) sums[c] += from.at(row, column);
  }
}

/// Each warp has one row of the table and some of its columns. It reads all tokens in their order,
/// so the tokens are read once for each row of the table that occurs.
__global__ void __launch_bounds__(embedding_warps* warp_size)
    embedding_kernel(Matrix<float> to, const unsigned* was_read, const std::int32_t* tokens,
                     Matrix<const float> d_output) {
  const unsigned lane = threadIdx.x;
  const std::size_t token = std::size_t{blockIdx.x} * blockDim.y + threadIdx.y;
  if (token >= to.rows) return;
  const std::size_t first = std::size_t{blockIdx.y} * warp_columns + lane;
  float sums[lane_columns] = {};
  const std::size_t rows = was_read[token] != 0 ? d_output.rows : 0;
  for (std::size_t begin = 0; begin < rows; begin += warp_size) {
    const std::size_t i = begin + lane;
    const bool mine = i < rows && static_cast<std::size_t>(tokens[i]) == token;
    for (unsigned left = __ballot_sync(whole_warp, mine); left != 0; left &= left - 1) {
      add_row(sums, d_output, begin + static_cast<unsigned>(__ffs(static_cast<int>(left)) - 1),
              first);
    }
  }
  for (unsigned c = 0; c < lane_columns; ++c) {
    const std::size_t column = first + c * warp_size;
    if (column < to.columns) to.at(token, column) = sums[c];
  }
}

}  // namespace

Status column_sums(const Queue& queue, SumScratch& scratch, DeviceSpan<float> to,
                   DeviceMatrix<const float> from) {
  const std::size_t columns = from.columns();
  const std::size_t count = parts_of(from.rows(), sum_rows);
  GRU_RETURN_IF_ERROR(scratch.columns.reserve(CheckedSize(count) * columns, queue));
  const DeviceMatrix<float> parts(scratch.columns.data(), count, columns, columns);
  GRU_RETURN_IF_ERROR(
      launch(queue, partial_sums_kernel, matrix_shape(count, columns), parts, from));
  return launch(queue, sum_parts_kernel, vector_shape(columns), to.data(),
                DeviceMatrix<const float>(parts));
}

Status embedding_backward(const Queue& queue, SumScratch& scratch, DeviceMatrix<float> to,
                          DeviceSpan<const std::int32_t> tokens,
                          DeviceMatrix<const float> d_output) {
  GRU_RETURN_IF_ERROR(scratch.was_read.reserve(to.rows(), queue));
  GRU_RETURN_IF_CUDA_ERROR(
      queue.ordinal,
      cudaMemsetAsync(scratch.was_read.data(), 0, to.rows() * sizeof(unsigned), queue.stream));
  GRU_RETURN_IF_ERROR(launch(queue, mark_tokens_kernel, vector_shape(tokens.size()),
                             scratch.was_read.data(), tokens.data(), tokens.size()));
  LaunchShape shape;
  shape.block = dim3(warp_size, embedding_warps);
  shape.grid = dim3(to_unsigned(parts_of(to.rows(), embedding_warps)),
                    to_unsigned(parts_of(to.columns(), warp_columns)));
  return launch(queue, embedding_kernel, shape, to, scratch.was_read.data(), tokens.data(),
                d_output);
}

}  // namespace gru::cuda
