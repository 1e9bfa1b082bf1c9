#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/activation.h"
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

/// Makes `d_weight` [vocabulary, E]: each row is the sum of the rows of `d_output` [rows, E] that
/// read it.
Status reference_embedding_backward(std::size_t embedding_size, std::size_t vocabulary,
                                    std::span<const std::int32_t> tokens,
                                    std::span<const double> d_output,
                                    std::vector<double>& d_weight);

/// Applies the activation to each value in place.
void reference_activate(Activation activation, std::span<double> values);

/// Multiplies d_values in place by the activation's derivative; `values` are the activation's
/// results.
void reference_activate_backward(Activation activation, std::span<const double> values,
                                 std::span<double> d_values);

/// y = weight * (x - mean) / sqrt(variance + 1e-5) + bias for each row of `input` [rows, width],
/// with the row's mean and biased variance; `weight` and `bias` are [width].
std::vector<double> reference_layer_norm_forward(std::span<const double> weight,
                                                 std::span<const double> bias,
                                                 std::span<const double> input);

/// Adds to the gradients of reference_layer_norm_forward, from `d_output` [rows, width].
struct ReferenceLayerNormGradients {
  std::span<double> weight;
  std::span<double> bias;
  std::span<double> input;
};
void reference_layer_norm_backward(std::span<const double> weight, std::span<const double> input,
                                   std::span<const double> d_output,
                                   const ReferenceLayerNormGradients& gradients);

}  // namespace gru
