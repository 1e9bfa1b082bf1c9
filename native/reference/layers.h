#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

/// The layers around the stack. All tensors are row-major.
namespace gru {

struct ReferenceLinearSizes {
  std::size_t rows = 0;
  std::size_t input_size = 0;   ///< I
  std::size_t output_size = 0;  ///< O
};

struct ReferenceLinearGradients {
  std::vector<double> input;   ///< [rows, I]
  std::vector<double> weight;  ///< [O, I]
  std::vector<double> bias;    ///< [O]
};

/// y = x W^T + b: `weight` [O, I], `bias` [O], `input` [rows, I], `output` [rows, O].
Status reference_linear_forward(const ReferenceLinearSizes& sizes, std::span<const double> weight,
                                std::span<const double> bias, std::span<const double> input,
                                std::vector<double>& output);

/// The gradients of reference_linear_forward, from `d_output` [rows, O].
Status reference_linear_backward(const ReferenceLinearSizes& sizes, std::span<const double> weight,
                                 std::span<const double> input, std::span<const double> d_output,
                                 ReferenceLinearGradients& gradients);

/// Row t of `weight` [tokens, E] for each t of `tokens` [rows]: `output` [rows, E].
Status reference_embedding_forward(std::size_t embedding_size, std::span<const double> weight,
                                   std::span<const std::int32_t> tokens,
                                   std::vector<double>& output);

/// Collects `d_output` [rows, E] into `d_weight` [vocabulary, E], which it makes.
Status reference_embedding_backward(std::size_t embedding_size, std::size_t vocabulary,
                                    std::span<const std::int32_t> tokens,
                                    std::span<const double> d_output,
                                    std::vector<double>& d_weight);

}  // namespace gru
