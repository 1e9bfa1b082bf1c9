#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/graph_options.h"

/// Attention of one sequence: each row s of a query reads the rows E_i of a memory.
namespace gru {

struct ReferenceAttentionSizes {
  AttentionScore score = AttentionScore::additive;
  std::size_t query_width = 0;   ///< Q
  std::size_t memory_width = 0;  ///< E
  std::size_t size = 0;          ///< K, with additive

  /// The width that the query is mapped to.
  std::size_t compared() const { return score == AttentionScore::additive ? size : memory_width; }
  std::size_t parameter_count() const;
};

/// y = sum of a_i E_i, a = softmax over e;
/// additive: e_i = v . tanh(W_q s + W_k E_i); scaled dot product: e_i = W_q s . E_i / sqrt(E).
/// `parameters`: W_q [K, Q], W_k [K, E], v [K], or W_q [E, Q] alone. `query` [n, Q], `memory`
/// [m, E]; the result [n, E], zeros where m = 0.
std::vector<double> reference_attention_forward(const ReferenceAttentionSizes& sizes,
                                                std::span<const double> parameters,
                                                std::span<const double> query,
                                                std::span<const double> memory);

/// Adds to the gradients. Each has the shape of the tensor that it belongs to.
struct ReferenceAttentionGradients {
  std::span<double> parameters;
  std::span<double> query;
  std::span<double> memory;
};
void reference_attention_backward(const ReferenceAttentionSizes& sizes,
                                  std::span<const double> parameters, std::span<const double> query,
                                  std::span<const double> memory, std::span<const double> d_output,
                                  const ReferenceAttentionGradients& gradients);

}  // namespace gru
