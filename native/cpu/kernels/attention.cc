#include "cpu/kernels/activations.h"
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/rows.h"

GRU_KERNELS_BEGIN

namespace {

/// score . tanh(a + b).
GRU_INLINE float additive_score(const float* score, const float* a, const float* b,
                                std::size_t count) {
  Vector sum{};
  for (std::size_t i = 0; i < count; i += lanes) {
    const std::size_t real = minimum(lanes, count - i);
    // The lanes past the end add nothing: they hold 0 * tanh(0 + 0).
    sum += load(score + i, real) * hyperbolic_tangent(load(a + i, real) + load(b + i, real));
  }
  return lane_sum(sum);
}

GRU_INLINE void softmax(float* values, std::size_t count) {
  const Vector maximum = broadcast(largest(values, count));
  Vector sums{};
  for (std::size_t i = 0; i < count; i += lanes) {
    const std::size_t real = minimum(lanes, count - i);
    Vector e = exponential(load(values + i, real) - maximum);
    for (std::size_t lane = real; lane < lanes; ++lane) e[lane] = 0;
    sums += e;
    store(values + i, e, real);
  }
  const float factor = 1 / lane_sum(sums);
  for (std::size_t i = 0; i < count; ++i) values[i] *= factor;
}

}  // namespace

void attention(const AttentionStep& step) {
  for (std::size_t t = 0; t < step.query_steps.length; ++t) {
    const std::size_t row = row_number(step.query_steps, t);
    const float* query = row_of(step.query, row);
    float* output = row_of(step.output, row);
    clear(output, step.width);
    const std::size_t count = step.memory_steps.length;
    if (count == 0) continue;
    float* weights = row_of(step.weights, row);
    for (std::size_t u = 0; u < count; ++u) {
      const float* key = row_of(step.key, row_number(step.memory_steps, u));
      weights[u] = step.score == nullptr ? step.scale * dot(query, key, step.size)
                                         : additive_score(step.score, query, key, step.size);
    }
    softmax(weights, count);
    for (std::size_t u = 0; u < count; ++u) {
      add_scaled(output, weights[u], row_of(step.memory, row_number(step.memory_steps, u)),
                 step.width);
    }
  }
}

namespace {

/// Adds to the gradients of a score's operands, for the score's gradient `d_score`.
GRU_INLINE void additive_backward(const AttentionBackwardStep& step, float d_score, std::size_t row,
                                  std::size_t key_row) {
  const float* query = row_of(step.query, row);
  const float* key = row_of(step.key, key_row);
  float* d_query = row_of(step.d_query, row);
  float* d_key = row_of(step.d_key, key_row);
  float* d_score_row = row_of(step.d_score_rows, row);
  const Vector factor = broadcast(d_score);
  for (std::size_t i = 0; i < step.size; i += lanes) {
    const std::size_t real = minimum(lanes, step.size - i);
    const Vector tanh = hyperbolic_tangent(load(query + i, real) + load(key + i, real));
    const Vector d_sum = factor * load(step.score + i, real) * (broadcast(1.0F) - tanh * tanh);
    store(d_query + i, load(d_query + i, real) + d_sum, real);
    store(d_key + i, load(d_key + i, real) + d_sum, real);
    store(d_score_row + i, load(d_score_row + i, real) + factor * tanh, real);
  }
}

GRU_INLINE void product_backward(const AttentionBackwardStep& step, float d_score, std::size_t row,
                                 std::size_t key_row) {
  const float factor = step.scale * d_score;
  add_scaled(row_of(step.d_query, row), factor, row_of(step.key, key_row), step.size);
  if (step.d_key.data == nullptr) return;
  add_scaled(row_of(step.d_key, key_row), factor, row_of(step.query, row), step.size);
}

/// Backward through the softmax: d_e_i = a_i (d_a_i - sum of a d_a), with d_a_i = d_y . E_i.
GRU_INLINE void scores_backward(const AttentionBackwardStep& step, std::size_t row) {
  const float* d_output = row_of(step.d_output, row);
  const float* weights = row_of(step.weights, row);
  float* d_scores = row_of(step.d_scores, row);
  const std::size_t count = step.memory_steps.length;
  for (std::size_t u = 0; u < count; ++u) {
    d_scores[u] = dot(d_output, row_of(step.memory, row_number(step.memory_steps, u)), step.width);
  }
  const float mean = dot(weights, d_scores, count);
  for (std::size_t u = 0; u < count; ++u) d_scores[u] = weights[u] * (d_scores[u] - mean);
}

}  // namespace

void attention_backward(const AttentionBackwardStep& step) {
  const std::size_t count = step.memory_steps.length;
  for (std::size_t t = 0; t < step.query_steps.length; ++t) {
    const std::size_t row = row_number(step.query_steps, t);
    clear(row_of(step.d_query, row), step.size);
    if (step.score != nullptr) clear(row_of(step.d_score_rows, row), step.size);
    scores_backward(step, row);
    for (std::size_t u = 0; u < count; ++u) {
      const std::size_t key_row = row_number(step.memory_steps, u);
      const float d_score = row_of(step.d_scores, row)[u];
      if (step.score == nullptr) {
        product_backward(step, d_score, row, key_row);
      } else {
        additive_backward(step, d_score, row, key_row);
      }
      if (step.d_memory.data == nullptr) continue;
      add_scaled(row_of(step.d_memory, key_row), row_of(step.weights, row)[u],
                 row_of(step.d_output, row), step.width);
    }
  }
}

GRU_KERNELS_END
