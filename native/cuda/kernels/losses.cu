#include "cuda/kernels/losses.h"
#include "cuda/kernels/matrix.h"
#include "cuda/kernels/reduce.h"

namespace gru::cuda {

namespace {

/// Elements whose sum one block forms.
constexpr std::size_t part_size = 8192;
/// Rows of a block, each a warp's.
constexpr unsigned loss_warps = 4;

LaunchShape parts_shape(std::size_t parts) {
  LaunchShape shape;
  shape.grid = dim3(to_unsigned(parts));
  shape.block = dim3(reduce_threads);
  return shape;
}

__device__ __forceinline__ std::size_t part_begin() { return std::size_t{blockIdx.x} * part_size; }
__device__ __forceinline__ std::size_t part_end(std::size_t count) {
  const std::size_t end = part_begin() + part_size;
  return end < count ? end : count;
}

/// *mean = the sum of the parts * scale.
__global__ void __launch_bounds__(reduce_threads)
    mean_kernel(double* mean, const double* parts, std::size_t count, double scale) {
  const double sum = block_sum_of(0, count, [&](std::size_t i) { return parts[i]; });
  if (threadIdx.x == 0) *mean = sum * scale;
}

__global__ void __launch_bounds__(reduce_threads)
    norm_kernel(double* norm, const double* parts, std::size_t count) {
  const double sum = block_sum_of(0, count, [&](std::size_t i) { return parts[i]; });
  if (threadIdx.x == 0) *norm = sqrt(sum);
}

__global__ void __launch_bounds__(reduce_threads)
    squares_kernel(double* parts, const float* values, std::size_t count) {
  const double sum = block_sum_of(part_begin(), part_end(count), [&](std::size_t i) {
    const double value = values[i];
    return value * value;
  });
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

/// d_values is empty where only the loss is wanted.
__global__ void __launch_bounds__(reduce_threads)
    squared_error_kernel(double* parts, Matrix<const float> values, Matrix<const float> targets,
                         Matrix<float> d_values, float scale) {
  const std::size_t count = values.rows * values.columns;
  const auto sum_by = [&](const auto& element) {
    return thread_sum_of(part_begin(), part_end(count), [&](std::size_t i) {
      const float difference = element(values, i) - element(targets, i);
      if (d_values.data != nullptr) element(d_values, i) = difference * scale;
      return static_cast<double>(difference) * static_cast<double>(difference);
    });
  };
  const bool dense = values.is_dense() && targets.is_dense() && d_values.is_dense();
  const double sum = block_sum(
      dense ? sum_by([](const auto& matrix, std::size_t i) -> auto& { return matrix.data[i]; })
            : sum_by([](const auto& matrix, std::size_t i) -> auto& {
                return matrix.at(i / matrix.columns, i % matrix.columns);
              }));
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

/// A warp has one row: its loss, and where d_logits is not empty its gradient, which may overwrite
/// the logits.
__global__ void __launch_bounds__(loss_warps* warp_size)
    cross_entropy_kernel(double* losses, Matrix<const float> logits, const std::int32_t* targets,
                         Matrix<float> d_logits, float scale) {
  const unsigned lane = threadIdx.x;
  const std::size_t row = std::size_t{blockIdx.x} * blockDim.y + threadIdx.y;
  if (row >= logits.rows) return;
  const auto target = static_cast<std::size_t>(targets[row]);
  float maximum = logits.at(row, 0);
  for (std::size_t j = lane; j < logits.columns; j += warp_size) {
    maximum = fmaxf(maximum, logits.at(row, j));
  }
  maximum = warp_maximum(maximum);
  float total = 0;
  for (std::size_t j = lane; j < logits.columns; j += warp_size) {
    total += expf(logits.at(row, j) - maximum);
  }
  total = warp_sum(total);
  if (lane == 0) {
    losses[row] = log(static_cast<double>(total)) -
                  (static_cast<double>(logits.at(row, target)) - static_cast<double>(maximum));
  }
  if (d_logits.data == nullptr) return;
  __syncwarp();  // the target's logit has been read
  for (std::size_t j = lane; j < logits.columns; j += warp_size) {
    const float probability = expf(logits.at(row, j) - maximum) * (scale / total);
    d_logits.at(row, j) = j == target ? probability - scale : probability;
  }
}

}  // namespace

Status cross_entropy(const Queue& queue, Scratch<double>& parts, DeviceMatrix<const float> logits,
                     DeviceSpan<const std::int32_t> targets, DeviceMatrix<float> d_logits,
                     StepMetrics* metrics) {
  const std::size_t rows = logits.rows();
  GRU_RETURN_IF_ERROR(parts.reserve(rows, queue));
  const double mean = 1 / static_cast<double>(rows);
  LaunchShape shape;
  shape.block = dim3(warp_size, loss_warps);
  shape.grid = dim3(to_unsigned(parts_of(rows, loss_warps)));
  GRU_RETURN_IF_ERROR(launch(queue, cross_entropy_kernel, shape, parts.data(), logits,
                             targets.data(), d_logits, static_cast<float>(mean)));
  return launch(queue, mean_kernel, parts_shape(1), &metrics->loss, parts.data(), rows, mean);
}

Status mean_squared_error(const Queue& queue, Scratch<double>& parts,
                          DeviceMatrix<const float> values, DeviceMatrix<const float> targets,
                          DeviceMatrix<float> d_values, StepMetrics* metrics) {
  const std::size_t count = values.rows() * values.columns();
  const std::size_t part_count = parts_of(count, part_size);
  GRU_RETURN_IF_ERROR(parts.reserve(part_count, queue));
  const double mean = 1 / static_cast<double>(count);
  GRU_RETURN_IF_ERROR(launch(queue, squared_error_kernel, parts_shape(part_count), parts.data(),
                             values, targets, d_values, static_cast<float>(2 * mean)));
  return launch(queue, mean_kernel, parts_shape(1), &metrics->loss, parts.data(), part_count, mean);
}

Status gradient_norm(const Queue& queue, Scratch<double>& parts, DeviceSpan<const float> gradients,
                     StepMetrics* metrics) {
  const std::size_t part_count = parts_of(gradients.size(), part_size);
  GRU_RETURN_IF_ERROR(parts.reserve(part_count, queue));
  GRU_RETURN_IF_ERROR(launch(queue, squares_kernel, parts_shape(part_count), parts.data(),
                             gradients.data(), gradients.size()));
  return launch(queue, norm_kernel, parts_shape(1), &metrics->gradient_norm, parts.data(),
                part_count);
}

}  // namespace gru::cuda
