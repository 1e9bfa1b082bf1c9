#include "cuda/kernels/attention.h"
#include "cuda/kernels/matrix.h"
#include "cuda/kernels/reduce.h"
#include "cuda/kernels/sequences.h"

namespace gru::cuda {

namespace {

/// The rows of a block. Each warp has one row.
constexpr unsigned attention_warps = 4;

struct Forward {
  Sequences query_rows;
  Sequences memory_rows;
  const std::int32_t* memory_position = nullptr;
  Matrix<const float> query;
  Matrix<const float> key;
  const float* score = nullptr;  ///< null: the scaled product
  float scale = 1;
  Matrix<const float> memory;
  Matrix<float> weights;
  Matrix<float> output;
};

struct Backward {
  Sequences query_rows;
  Sequences memory_rows;
  const std::int32_t* memory_position = nullptr;
  const std::int32_t* query_position = nullptr;
  Matrix<const float> query;
  Matrix<const float> key;
  const float* score = nullptr;
  float scale = 1;
  Matrix<const float> memory;
  Matrix<const float> weights;
  Matrix<const float> d_output;
  Matrix<float> d_scores;
  Matrix<float> d_query;
  Matrix<float> d_key;     ///< `data` is null if not wanted
  Matrix<float> d_memory;  ///< the same
  Matrix<float> d_score_rows;
};

/// Finds the step and the position of this warp's row. Returns false past the last row.
__device__ __forceinline__ bool warp_row(const Sequences& rows, std::size_t& t, std::size_t& i) {
  const std::size_t blocks = (rows.count + attention_warps - 1) / attention_warps;
  t = blockIdx.x / blocks;
  i = blockIdx.x % blocks * attention_warps + threadIdx.y;
  return i < rows.count && t < rows.length(i);
}

/// The length of the same sequence in the other rows. `position` is its position there; a negative
/// one gives 0.
__device__ __forceinline__ std::size_t length_at(const Sequences& rows, std::int32_t position) {
  return position < 0 ? 0 : rows.length(static_cast<std::size_t>(position));
}

/// The sum of term(k) over all k, returned in each lane.
template <class Term>
__device__ __forceinline__ float lanes_sum(std::size_t count, const Term& term) {
  float sum = 0;
  for (std::size_t k = threadIdx.x; k < count; k += warp_size) sum += term(k);
  return warp_sum(sum);
}

/// Calls body(k) for this lane's part of 0..count.
template <class Body>
__device__ __forceinline__ void for_each_of_lane(std::size_t count, const Body& body) {
  for (std::size_t k = threadIdx.x; k < count; k += warp_size) body(k);
}

__global__ void __launch_bounds__(attention_warps* warp_size) attention_kernel(Forward call) {
  std::size_t t = 0;
  std::size_t i = 0;
  if (!warp_row(call.query_rows, t, i)) return;
  const std::size_t row = call.query_rows.row(t, i);
  const std::int32_t position = call.memory_position[i];
  const std::size_t count = length_at(call.memory_rows, position);
  const auto memory_row = [&](std::size_t u) {
    return call.memory_rows.row(u, static_cast<std::size_t>(position));
  };
  float maximum = 0;
  for (std::size_t u = 0; u < count; ++u) {
    const std::size_t key_row = memory_row(u);
    const float e =
        call.score == nullptr
            ? call.scale * lanes_sum(call.key.columns,
                                     [&](std::size_t k) {
                                       return call.query.at(row, k) * call.key.at(key_row, k);
                                     })
            : lanes_sum(call.key.columns, [&](std::size_t k) {
                return call.score[k] * tanhf(call.query.at(row, k) + call.key.at(key_row, k));
              });
    maximum = u == 0 ? e : fmaxf(maximum, e);
    if (threadIdx.x == 0) call.weights.at(row, u) = e;
  }
  __syncwarp();
  // Until the next __syncwarp each lane uses only its own weights.
  for_each_of_lane(count, [&](std::size_t u) {
    call.weights.at(row, u) = expf(call.weights.at(row, u) - maximum);
  });
  const float total = lanes_sum(count, [&](std::size_t u) { return call.weights.at(row, u); });
  for_each_of_lane(count, [&](std::size_t u) { call.weights.at(row, u) *= 1 / total; });
  __syncwarp();
  for_each_of_lane(call.output.columns, [&](std::size_t j) {
    float sum = 0;
    for (std::size_t u = 0; u < count; ++u) {
      sum += call.weights.at(row, u) * call.memory.at(memory_row(u), j);
    }
    call.output.at(row, j) = sum;
  });
}

/// Each warp has a row of the query. It goes back through the softmax, d_e_i = a_i (d_a_i - sum of
/// a d_a) with d_a_i = d_y . E_i, and then to the query and the score.
__global__ void __launch_bounds__(attention_warps* warp_size)
    attention_query_backward_kernel(Backward call) {
  std::size_t t = 0;
  std::size_t i = 0;
  if (!warp_row(call.query_rows, t, i)) return;
  const std::size_t row = call.query_rows.row(t, i);
  const std::int32_t position = call.memory_position[i];
  const std::size_t count = length_at(call.memory_rows, position);
  const auto memory_row = [&](std::size_t u) {
    return call.memory_rows.row(u, static_cast<std::size_t>(position));
  };
  for (std::size_t u = 0; u < count; ++u) {
    const float d_a = lanes_sum(call.memory.columns, [&](std::size_t j) {
      return call.d_output.at(row, j) * call.memory.at(memory_row(u), j);
    });
    if (threadIdx.x == 0) call.d_scores.at(row, u) = d_a;
  }
  __syncwarp();
  const float mean = lanes_sum(
      count, [&](std::size_t u) { return call.weights.at(row, u) * call.d_scores.at(row, u); });
  for_each_of_lane(count, [&](std::size_t u) {
    call.d_scores.at(row, u) = call.weights.at(row, u) * (call.d_scores.at(row, u) - mean);
  });
  __syncwarp();
  for_each_of_lane(call.d_query.columns, [&](std::size_t k) {
    float d_query = 0;
    float d_score = 0;
    for (std::size_t u = 0; u < count; ++u) {
      const float d_e = call.d_scores.at(row, u);
      const float key = call.key.at(memory_row(u), k);
      if (call.score == nullptr) {
        d_query += call.scale * d_e * key;
      } else {
        const float tanh = tanhf(call.query.at(row, k) + key);
        d_query += d_e * call.score[k] * (1 - tanh * tanh);
        d_score += d_e * tanh;
      }
    }
    call.d_query.at(row, k) = d_query;
    if (call.score != nullptr) call.d_score_rows.at(row, k) = d_score;
  });
}

/// Each warp has a row of the memory and sums over the query's rows of the same sequence.
__global__ void __launch_bounds__(attention_warps* warp_size)
    attention_memory_backward_kernel(Backward call) {
  std::size_t u = 0;
  std::size_t i = 0;
  if (!warp_row(call.memory_rows, u, i)) return;
  const std::size_t row = call.memory_rows.row(u, i);
  const std::int32_t position = call.query_position[i];
  const std::size_t count = length_at(call.query_rows, position);
  const auto query_row = [&](std::size_t t) {
    return call.query_rows.row(t, static_cast<std::size_t>(position));
  };
  if (call.d_memory.data != nullptr) {
    for_each_of_lane(call.memory.columns, [&](std::size_t j) {
      float sum = 0;
      for (std::size_t t = 0; t < count; ++t) {
        sum += call.weights.at(query_row(t), u) * call.d_output.at(query_row(t), j);
      }
      call.d_memory.at(row, j) += sum;
    });
  }
  if (call.d_key.data == nullptr) return;
  // With the scaled product, d_key may be the same memory as d_memory. This is safe since a lane
  // adds only to its own columns.
  for_each_of_lane(call.key.columns, [&](std::size_t k) {
    float sum = 0;
    for (std::size_t t = 0; t < count; ++t) {
      const float d_e = call.d_scores.at(query_row(t), u);
      const float query = call.query.at(query_row(t), k);
      if (call.score == nullptr) {
        sum += call.scale * d_e * query;
      } else {
        const float tanh = tanhf(query + call.key.at(row, k));
        sum += d_e * call.score[k] * (1 - tanh * tanh);
      }
    }
    call.d_key.at(row, k) += sum;
  });
}

/// One warp for each step and sequence. Their number is the number of the caller's rows, which fits
/// 31 bits.
LaunchShape rows_shape(const SequenceRows& rows) {
  LaunchShape shape;
  shape.block = dim3(warp_size, attention_warps);
  shape.grid = dim3(to_unsigned(rows.steps * parts_of(rows.sequences, attention_warps)));
  return shape;
}

}  // namespace

Status attention_forward(const Queue& queue, const AttentionForward& call) {
  Forward forward;
  forward.query_rows = call.rows.query;
  forward.memory_rows = call.rows.memory;
  forward.memory_position = call.rows.memory_position.data();
  forward.query = call.query;
  forward.key = call.key;
  forward.score = call.score.data();
  forward.scale = call.scale;
  forward.memory = call.memory;
  forward.weights = call.weights;
  forward.output = call.output;
  return launch(queue, attention_kernel, rows_shape(call.rows.query), forward);
}

Status attention_backward(const Queue& queue, const AttentionBackward& call) {
  Backward backward;
  backward.query_rows = call.rows.query;
  backward.memory_rows = call.rows.memory;
  backward.memory_position = call.rows.memory_position.data();
  backward.query_position = call.rows.query_position.data();
  backward.query = call.query;
  backward.key = call.key;
  backward.score = call.score.data();
  backward.scale = call.scale;
  backward.memory = call.memory;
  backward.weights = call.weights;
  backward.d_output = call.d_output;
  backward.d_scores = call.d_scores;
  backward.d_query = call.d_query;
  backward.d_key = call.d_key;
  backward.d_memory = call.d_memory;
  backward.d_score_rows = call.d_score_rows;
  GRU_RETURN_IF_ERROR(
      launch(queue, attention_query_backward_kernel, rows_shape(call.rows.query), backward));
  return launch(queue, attention_memory_backward_kernel, rows_shape(call.rows.memory), backward);
}

}  // namespace gru::cuda
