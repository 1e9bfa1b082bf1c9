#include "cuda/kernels/cell.h"
#include "cuda/kernels/layers.h"
#include "cuda/kernels/matrix.h"
#include "cuda/kernels/reduce.h"
#include "cuda/kernels/sequences.h"

namespace gru::cuda {

namespace {

/// The rows of a block. Each warp has one row.
constexpr unsigned norm_warps = 4;
constexpr double norm_epsilon = 1e-5;

/// The activation of x. NaN stays NaN.
__device__ __forceinline__ float activated(float x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return x < 0 ? 0 : x;
    case Activation::tanh:
      return tanhf(x);
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::none:
      break;
  }
  return x;
}

/// d * the derivative of the activation; y is the activation's result.
__device__ __forceinline__ float through_activation(float d, float y, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return y <= 0 ? 0 : d;
    case Activation::tanh:
      return d * (1 - y * y);
    case Activation::sigmoid:
      return d * (y * (1 - y));
    case Activation::none:
      break;
  }
  return d;
}

__global__ void __launch_bounds__(plain_threads)
    activate_kernel(Matrix<float> values, Activation activation) {
  for_each_element(values.rows, values.columns, [&](std::size_t i, std::size_t j) {
    values.at(i, j) = activated(values.at(i, j), activation);
  });
}

__global__ void __launch_bounds__(plain_threads)
    activate_backward_kernel(Matrix<float> to, Matrix<const float> from, Matrix<const float> values,
                             Activation activation) {
  for_each_element(to.rows, to.columns, [&](std::size_t i, std::size_t j) {
    to.at(i, j) = through_activation(from.at(i, j), values.at(i, j), activation);
  });
}

/// The sum of term(j) over a row, returned in each lane of the warp that has the row.
template <class Term>
__device__ __forceinline__ double row_sum(std::size_t columns, const Term& term) {
  double sum = 0;
  for (std::size_t j = threadIdx.x; j < columns; j += warp_size) sum += term(j);
  return warp_sum(sum);
}

__global__ void __launch_bounds__(norm_warps* warp_size)
    layer_norm_kernel(Matrix<const float> input, const float* weight, const float* bias,
                      Matrix<float> output, Matrix<float> statistics) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.y + threadIdx.y;
  if (i >= output.rows) return;
  const std::size_t columns = output.columns;
  const double count = static_cast<double>(columns);
  const double mean =
      row_sum(columns, [&](std::size_t j) { return static_cast<double>(input.at(i, j)); }) / count;
  const double variance = row_sum(columns,
                                  [&](std::size_t j) {
                                    const double off = static_cast<double>(input.at(i, j)) - mean;
                                    return off * off;
                                  }) /
                          count;
  const float middle = static_cast<float>(mean);
  const float scale = static_cast<float>(1 / sqrt(variance + norm_epsilon));
  for (std::size_t j = threadIdx.x; j < columns; j += warp_size) {
    output.at(i, j) = (input.at(i, j) - middle) * scale * weight[j] + bias[j];
  }
  if (threadIdx.x > 0) return;
  statistics.at(i, 0) = middle;
  statistics.at(i, 1) = scale;
}

/// With u = (x - mean) * scale and v = weight * d_y: d_x = scale * (v - mean(v) - u mean(u v)).
__global__ void __launch_bounds__(norm_warps* warp_size)
    layer_norm_backward_kernel(Matrix<const float> input, const float* weight,
                               Matrix<const float> statistics, Matrix<const float> d_output,
                               Matrix<float> d_input, Matrix<float> d_weight_rows) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.y + threadIdx.y;
  if (i >= d_output.rows) return;
  const std::size_t columns = d_output.columns;
  const float mean = statistics.at(i, 0);
  const float scale = statistics.at(i, 1);
  const auto u = [&](std::size_t j) { return (input.at(i, j) - mean) * scale; };
  const auto v = [&](std::size_t j) { return weight[j] * d_output.at(i, j); };
  for (std::size_t j = threadIdx.x; j < columns; j += warp_size) {
    d_weight_rows.at(i, j) = u(j) * d_output.at(i, j);
  }
  if (d_input.data == nullptr) return;
  const double count = static_cast<double>(columns);
  const float mean_v = static_cast<float>(
      row_sum(columns, [&](std::size_t j) { return static_cast<double>(v(j)); }) / count);
  const float mean_uv =
      static_cast<float>(row_sum(columns,
                                 [&](std::size_t j) {
                                   return static_cast<double>(u(j)) * static_cast<double>(v(j));
                                 }) /
                         count);
  for (std::size_t j = threadIdx.x; j < columns; j += warp_size) {
    d_input.at(i, j) = scale * (v(j) - mean_v - u(j) * mean_uv);
  }
}

LaunchShape norm_shape(std::size_t rows) {
  LaunchShape shape;
  shape.block = dim3(warp_size, norm_warps);
  shape.grid = dim3(to_unsigned(parts_of(rows, norm_warps)));
  return shape;
}

__global__ void __launch_bounds__(plain_threads)
    means_kernel(Matrix<float> to, Matrix<const float> from, Sequences rows) {
  for_each_element(to.rows, to.columns, [&](std::size_t i, std::size_t j) {
    const std::size_t length = rows.length(i);
    float sum = 0;
    for (std::size_t t = 0; t < length; ++t) sum += from.at(rows.row(t, i), j);
    to.at(i, j) = sum / static_cast<float>(length);
  });
}

__global__ void __launch_bounds__(plain_threads)
    spread_kernel(Matrix<float> to, Matrix<const float> from, Sequences rows) {
  for_each_element(from.rows, from.columns, [&](std::size_t i, std::size_t j) {
    const std::size_t length = rows.length(i);
    const float part = from.at(i, j) / static_cast<float>(length);
    for (std::size_t t = 0; t < length; ++t) to.at(rows.row(t, i), j) = part;
  });
}

}  // namespace

Status activate(const Queue& queue, DeviceMatrix<float> values, Activation activation) {
  return launch(queue, activate_kernel, matrix_shape(values.rows(), values.columns()), values,
                activation);
}

Status activate_backward(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from,
                         DeviceMatrix<const float> values, Activation activation) {
  return launch(queue, activate_backward_kernel, matrix_shape(to.rows(), to.columns()), to, from,
                values, activation);
}

Status layer_norm_forward(const Queue& queue, const LayerNormForward& call) {
  return launch(queue, layer_norm_kernel, norm_shape(call.output.rows()), call.input,
                call.weight.data(), call.bias.data(), call.output, call.statistics);
}

Status layer_norm_backward(const Queue& queue, const LayerNormBackward& call) {
  return launch(queue, layer_norm_backward_kernel, norm_shape(call.d_output.rows()), call.input,
                call.weight.data(), call.statistics, call.d_output, call.d_input,
                call.d_weight_rows);
}

Status sequence_means(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from,
                      const SequenceRows& rows) {
  return launch(queue, means_kernel, matrix_shape(to.rows(), to.columns()), to, from, rows);
}

Status spread_means(const Queue& queue, DeviceMatrix<float> to, DeviceMatrix<const float> from,
                    const SequenceRows& rows) {
  return launch(queue, spread_kernel, matrix_shape(from.rows(), from.columns()), to, from, rows);
}

}  // namespace gru::cuda
