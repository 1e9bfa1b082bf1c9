#include "reference/attention.h"

#include <algorithm>
#include <cmath>

#include "reference/algebra.h"

namespace gru {

using reference::Gradients;
using reference::Values;

namespace {

double dot(Values a, Values b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void add_scaled(double factor, Values x, Gradients y) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += factor * x[i];
}

template <class T>
std::span<T> row_of(std::span<T> matrix, std::size_t i, std::size_t width) {
  return matrix.subspan(i * width, width);
}

/// The parameters, or their gradients, by name.
template <class T>
struct Weights {
  std::span<T> query, key, score;

  Weights(const ReferenceAttentionSizes& sizes, std::span<T> flat) {
    query = flat.first(sizes.compared() * sizes.query_width);
    if (sizes.score != AttentionScore::additive) return;
    key = flat.subspan(query.size(), sizes.size * sizes.memory_width);
    score = flat.subspan(query.size() + key.size());
  }
};

/// One row of the query with the intermediate results of its output.
struct Row {
  std::vector<double> mapped;              // W_q s
  std::vector<std::vector<double>> tanhs;  // of each row of the memory, with additive
  std::vector<double> weights;             // a
};

Row attend(const ReferenceAttentionSizes& sizes, const Weights<const double>& weights, Values s,
           Values memory) {
  Row row;
  row.mapped = reference::affine(weights.query, {}, s, sizes.compared());
  for (std::size_t i = 0; i < memory.size() / sizes.memory_width; ++i) {
    const Values E = row_of(memory, i, sizes.memory_width);
    if (sizes.score == AttentionScore::additive) {
      std::vector<double> tanhs = row.mapped;
      reference::add_product(weights.key, E, tanhs);
      for (double& value : tanhs) value = std::tanh(value);
      row.weights.push_back(dot(weights.score, tanhs));
      row.tanhs.push_back(std::move(tanhs));
    } else {
      row.weights.push_back(dot(row.mapped, E) /
                            std::sqrt(static_cast<double>(sizes.memory_width)));
    }
  }
  if (row.weights.empty()) return row;
  const double largest = *std::ranges::max_element(row.weights);
  double total = 0;
  for (double& e : row.weights) total += e = std::exp(e - largest);
  for (double& a : row.weights) a /= total;
  return row;
}

}  // namespace

std::size_t ReferenceAttentionSizes::parameter_count() const {
  const std::size_t others = score == AttentionScore::additive ? size * (memory_width + 1) : 0;
  return compared() * query_width + others;
}

std::vector<double> reference_attention_forward(const ReferenceAttentionSizes& sizes,
                                                Values parameters, Values query, Values memory) {
  const Weights<const double> weights(sizes, parameters);
  const std::size_t rows = query.size() / sizes.query_width;
  std::vector<double> output(rows * sizes.memory_width, 0.0);
  for (std::size_t t = 0; t < rows; ++t) {
    const Row row = attend(sizes, weights, row_of(query, t, sizes.query_width), memory);
    for (std::size_t i = 0; i < row.weights.size(); ++i) {
      add_scaled(row.weights[i], row_of(memory, i, sizes.memory_width),
                 row_of(Gradients(output), t, sizes.memory_width));
    }
  }
  return output;
}

void reference_attention_backward(const ReferenceAttentionSizes& sizes, Values parameters,
                                  Values query, Values memory, Values d_output,
                                  const ReferenceAttentionGradients& gradients) {
  const Weights<const double> weights(sizes, parameters);
  const Weights<double> d_weights(sizes, gradients.parameters);
  for (std::size_t t = 0; t < query.size() / sizes.query_width; ++t) {
    const Values s = row_of(query, t, sizes.query_width);
    const Values d_y = row_of(d_output, t, sizes.memory_width);
    const Row row = attend(sizes, weights, s, memory);
    std::vector<double> d_a;
    for (std::size_t i = 0; i < row.weights.size(); ++i) {
      d_a.push_back(dot(d_y, row_of(memory, i, sizes.memory_width)));
    }
    const double mean = dot(row.weights, d_a);
    std::vector<double> d_mapped(sizes.compared(), 0.0);
    for (std::size_t i = 0; i < row.weights.size(); ++i) {
      const Values E = row_of(memory, i, sizes.memory_width);
      const Gradients d_E = row_of(gradients.memory, i, sizes.memory_width);
      add_scaled(row.weights[i], d_y, d_E);
      const double d_e = row.weights[i] * (d_a[i] - mean);
      if (sizes.score == AttentionScore::additive) {
        std::vector<double> d_sum;  // of W_q s + W_k E
        for (std::size_t k = 0; k < sizes.size; ++k) {
          const double tanh = row.tanhs[i][k];
          d_weights.score[k] += d_e * tanh;
          d_sum.push_back(d_e * weights.score[k] * (1 - tanh * tanh));
        }
        reference::add(d_sum, d_mapped);
        reference::add_outer_product(d_sum, E, d_weights.key);
        reference::add_transposed_product(weights.key, d_sum, d_E);
      } else {
        const double scaled = d_e / std::sqrt(static_cast<double>(sizes.memory_width));
        add_scaled(scaled, E, d_mapped);
        add_scaled(scaled, row.mapped, d_E);
      }
    }
    reference::add_outer_product(d_mapped, s, d_weights.query);
    reference::add_transposed_product(weights.query, d_mapped,
                                      row_of(gradients.query, t, sizes.query_width));
  }
}

}  // namespace gru
