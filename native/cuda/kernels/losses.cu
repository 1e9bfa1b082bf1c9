#include "cuda/kernels/losses.h"
#include "cuda/kernels/matrix.h"
#include "cuda/kernels/parts.h"
#include "cuda/kernels/reduce.h"
#include "cuda/kernels/softmax.h"

namespace gru::cuda {

namespace {

/// *to = the sum of the parts * scale.
__global__ void __launch_bounds__(reduce_threads)
    scaled_sum_kernel(double* to, const double* parts, std::size_t count, double scale) {
  const double sum = block_sum_of(0, count, [&](std::size_t i) { return parts[i]; });
  if (threadIdx.x == 0) *to = sum * scale;
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

/// A CrossEntropyCall for the kernel.
struct CrossEntropyRows {
  Matrix<const float> logits;
  const std::int32_t* targets;
  Matrix<float> d_logits;
  float scale;
  const float* class_weights;
  double label_smoothing;
  bool ignores;
  std::int32_t ignored_class;

  __device__ float weight_of(std::size_t k) const {
    return class_weights == nullptr ? 1.0F : class_weights[k];
  }
};

/// sum_k w_k (Z - y_k) and sum_k w_k, in each lane.
struct AllClasses {
  double loss;
  double weight;
};

__device__ __forceinline__ AllClasses all_classes(const CrossEntropyRows& rows, std::size_t row,
                                                  double normalizer) {
  AllClasses sums{0, 0};
  for (std::size_t j = threadIdx.x; j < rows.logits.columns; j += warp_size) {
    const auto weight = static_cast<double>(rows.weight_of(j));
    sums.loss += weight * (normalizer - static_cast<double>(rows.logits.at(row, j)));
    sums.weight += weight;
  }
  return {warp_sum(sums.loss), warp_sum(sums.weight)};
}

/// Each warp has one row. It computes the loss and, if d_logits is not empty, the gradient, which
/// may overwrite the logits. The loss is `target_weight` (Z - y_t) + `share` sum_k w_k (Z - y_k).
__global__ void __launch_bounds__(loss_warps* warp_size)
    cross_entropy_kernel(double* losses, CrossEntropyRows rows) {
  const unsigned lane = threadIdx.x;
  const std::size_t row = loss_row();
  const Matrix<const float>& logits = rows.logits;
  if (row >= logits.rows) return;
  const bool wanted = rows.d_logits.data != nullptr;
  if (rows.ignores && rows.targets[row] == rows.ignored_class) {
    if (lane == 0) losses[row] = 0;
    for (std::size_t j = lane; wanted && j < logits.columns; j += warp_size) {
      rows.d_logits.at(row, j) = 0;
    }
    return;
  }
  const auto target = static_cast<std::size_t>(rows.targets[row]);
  const SoftmaxSums sums = softmax_sums(logits, row);
  const double target_weight =
      (1 - rows.label_smoothing) * static_cast<double>(rows.weight_of(target));
  const bool smooth = rows.label_smoothing > 0;
  const double share = rows.label_smoothing / static_cast<double>(logits.columns);
  const AllClasses all = smooth ? all_classes(rows, row, sums.log_sum_exp()) : AllClasses{0, 0};
  if (lane == 0) {
    losses[row] =
        target_weight *
        (log(static_cast<double>(sums.total)) -
         (static_cast<double>(logits.at(row, target)) - static_cast<double>(sums.maximum)));
    if (smooth) losses[row] += share * all.loss;
  }
  if (!wanted) return;
  __syncwarp();  // all lanes have read the target's logit
  const float factor =
      rows.scale * static_cast<float>(target_weight + share * all.weight) / sums.total;
  const float of_target = rows.scale * static_cast<float>(target_weight);
  const float of_each = rows.scale * static_cast<float>(share);
  for (std::size_t j = lane; j < logits.columns; j += warp_size) {
    float gradient = expf(logits.at(row, j) - sums.maximum) * factor;
    if (j == target) gradient -= of_target;
    if (smooth) gradient -= of_each * rows.weight_of(j);
    rows.d_logits.at(row, j) = gradient;
  }
}

}  // namespace

Status scaled_sum(const Queue& queue, const double* parts, std::size_t count, double scale,
                  StepMetrics* metrics) {
  return launch(queue, scaled_sum_kernel, parts_shape(1), &metrics->loss, parts, count, scale);
}

Status cross_entropy(const Queue& queue, Scratch<double>& parts, const CrossEntropyCall& call) {
  const std::size_t count = call.output.rows();
  GRU_RETURN_IF_ERROR(parts.reserve(count, queue));
  const CrossEntropyRows rows{call.output,
                              call.targets.data(),
                              call.d_output,
                              static_cast<float>(call.scale()),
                              call.class_weights.data_or_null(),
                              call.label_smoothing,
                              call.ignored_class.has_value(),
                              call.ignored_class.value_or(0)};
  GRU_RETURN_IF_ERROR(
      launch(queue, cross_entropy_kernel, loss_rows_shape(count), parts.data(), rows));
  return scaled_sum(queue, parts.data(), count, call.scale(), call.metrics.data());
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
