#include <limits>

#include "cuda/kernels/losses.h"
#include "cuda/kernels/matrix.h"
#include "cuda/kernels/parts.h"

namespace gru::cuda {

namespace {

/// The loss of one value, and its derivative.
struct Term {
  double loss;
  float derivative;
};

/// The sign as 1 or -1. Zero and NaN are returned unchanged.
__device__ __forceinline__ float sign(float value) {
  return value > 0 ? 1.0F : (value < 0 ? -1.0F : value);
}

// Each computes a term from the value, the target and the value's column.

/// The factor 2 of the derivative is in the scale.
struct SquaredError {
  __device__ Term operator()(float value, float target, std::size_t) const {
    const float error = value - target;
    return {static_cast<double>(error) * static_cast<double>(error), error};
  }
};

struct AbsoluteError {
  __device__ Term operator()(float value, float target, std::size_t) const {
    const float error = value - target;
    return {static_cast<double>(fabsf(error)), sign(error)};
  }
};

struct Huber {
  float delta;

  __device__ Term operator()(float value, float target, std::size_t) const {
    const float error = value - target;
    const auto size = static_cast<double>(fabsf(error));
    if (fabsf(error) <= delta) return {size * size / 2, error};
    const auto limit = static_cast<double>(delta);
    return {limit * (size - limit / 2), delta * sign(error)};
  }
};

struct Pinball {
  const float* quantiles;
  std::size_t count;

  __device__ Term operator()(float value, float target, std::size_t column) const {
    const float error = value - target;
    const float tau = quantiles[column % count];
    const float slope = error > 0 ? 1 - tau : -tau;
    return {static_cast<double>(slope) * static_cast<double>(error), fabsf(slope) * sign(error)};
  }
};

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which never overflows.
struct BinaryCrossEntropy {
  const float* weights;

  __device__ Term operator()(float value, float target, std::size_t column) const {
    const float positive = weights == nullptr ? target : weights[column] * target;
    const float negative = 1 - target;
    const float small = expf(-fabsf(value));
    const float rest = log1pf(small);
    const float likelier = 1 / (1 + small);
    const float unlikelier = small / (1 + small);
    const float probability = value > 0 ? likelier : unlikelier;
    const float complement = value > 0 ? unlikelier : likelier;
    const double loss =
        static_cast<double>(positive) * static_cast<double>((value < 0 ? -value : 0.0F) + rest) +
        static_cast<double>(negative) * static_cast<double>((value > 0 ? value : 0.0F) + rest);
    return {loss, negative * probability - positive * complement};
  }
};

/// A ValueLossCall for kernels. d_output is empty if only the loss is wanted.
struct ValueOperands {
  Matrix<const float> output;
  Matrix<const float> targets;
  Matrix<float> d_output;
  std::size_t terms;             ///< in a row
  std::size_t values_of_target;  ///< neighbouring values with the same target
  float scale;

  std::size_t count() const { return output.rows * terms; }
};

struct Position {
  std::size_t row;
  std::size_t column;
};

/// The position of term i. Divisions of 64 bits are slow and rarely needed.
__device__ __forceinline__ Position position_of(std::size_t i, std::size_t terms) {
  if (i > std::numeric_limits<unsigned>::max()) return {i / terms, i % terms};
  const auto small = static_cast<unsigned>(i);
  const auto width = static_cast<unsigned>(terms);
  return {small / width, small % width};
}

template <bool ignore_missing>
__device__ __forceinline__ bool is_missing(float target) {
  return ignore_missing && isnan(target);
}

template <bool ignore_missing, class TermOf>
__global__ void __launch_bounds__(reduce_threads)
    value_loss_kernel(double* parts, ValueOperands operands, TermOf term_of) {
  const std::size_t count = operands.output.rows * operands.terms;
  const double sum = block_sum_of(part_begin(), part_end(count), [&](std::size_t i) {
    const Position position = position_of(i, operands.terms);
    const std::size_t column = position_of(position.column, operands.values_of_target).row;
    const float value = operands.output.at(position.row, position.column);
    const float target = operands.targets.at(position.row, column);
    const Term term =
        is_missing<ignore_missing>(target) ? Term{0, 0} : term_of(value, target, position.column);
    if (operands.d_output.data != nullptr) {
      operands.d_output.at(position.row, position.column) = term.derivative * operands.scale;
    }
    return term.loss;
  });
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

/// A row has the means and then the log variances.
template <bool ignore_missing>
__global__ void __launch_bounds__(reduce_threads)
    gaussian_kernel(double* parts, ValueOperands operands) {
  const std::size_t terms = operands.terms;
  const std::size_t count = operands.output.rows * terms;
  const double sum = block_sum_of(part_begin(), part_end(count), [&](std::size_t i) {
    const Position position = position_of(i, terms);
    if (is_missing<ignore_missing>(operands.targets.at(position.row, position.column))) {
      if (operands.d_output.data != nullptr) {
        operands.d_output.at(position.row, position.column) = 0;
        operands.d_output.at(position.row, terms + position.column) = 0;
      }
      return 0.0;
    }
    const double error = static_cast<double>(operands.output.at(position.row, position.column)) -
                         static_cast<double>(operands.targets.at(position.row, position.column));
    const auto log_variance =
        static_cast<double>(operands.output.at(position.row, terms + position.column));
    const double precision = exp(-log_variance);
    const double distance = error * error * precision;
    if (operands.d_output.data != nullptr) {
      const auto scale = static_cast<double>(operands.scale);
      operands.d_output.at(position.row, position.column) =
          static_cast<float>(scale * error * precision);
      operands.d_output.at(position.row, terms + position.column) =
          static_cast<float>(scale * (1 - distance) / 2);
    }
    return (log_variance + distance) / 2;
  });
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

template <bool ignore_missing>
Status launch_kind(const Queue& queue, double* parts, const LaunchShape& shape,
                   const ValueLossCall& call, const ValueOperands& operands) {
  const auto run = [&](const auto& term_of) {
    using TermOf = std::decay_t<decltype(term_of)>;
    return launch(queue, value_loss_kernel<ignore_missing, TermOf>, shape, parts, operands,
                  term_of);
  };
  switch (call.kind) {
    case LossKind::mean_absolute_error:
      return run(AbsoluteError{});
    case LossKind::huber:
      return run(Huber{static_cast<float>(call.delta)});
    case LossKind::quantile:
      return run(Pinball{call.quantiles.data(), call.quantiles.size()});
    case LossKind::gaussian:
      return launch(queue, gaussian_kernel<ignore_missing>, shape, parts, operands);
    case LossKind::binary_cross_entropy:
      return run(BinaryCrossEntropy{call.positive_weights.data_or_null()});
    default:
      return run(SquaredError{});
  }
}

}  // namespace

Status value_loss(const Queue& queue, Scratch<double>& parts, const ValueLossCall& call) {
  const double terms = call.denominator * static_cast<double>(call.terms());
  const double mean = terms > 0 ? 1 / terms * call.weight : 0;
  const double factor = call.kind == LossKind::mean_squared_error ? 2 : 1;
  const bool quantiles = call.kind == LossKind::quantile;
  const ValueOperands operands{call.output,
                               call.targets,
                               call.d_output,
                               call.terms(),
                               quantiles ? call.quantiles.size() : 1,
                               static_cast<float>(factor * mean)};
  const std::size_t part_count = parts_of(operands.count(), part_size);
  GRU_RETURN_IF_ERROR(parts.reserve(part_count, queue));
  const auto launch_loss = call.ignore_missing ? launch_kind<true> : launch_kind<false>;
  GRU_RETURN_IF_ERROR(launch_loss(queue, parts.data(), parts_shape(part_count), call, operands));
  return scaled_sum(queue, parts.data(), part_count, mean, call.metrics.data());
}

}  // namespace gru::cuda
