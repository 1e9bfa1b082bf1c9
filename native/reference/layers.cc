#include "reference/layers.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "reference/algebra.h"

namespace gru {

using reference::check_count;
using reference::Gradients;
using reference::Values;

namespace {

Status check_linear(const ReferenceLinearSizes& sizes, Values weight, Values input) {
  GRU_RETURN_IF_ERROR(check_count("weight", "outputSize*inputSize",
                                  CheckedSize(sizes.output_size) * sizes.input_size,
                                  weight.size()));
  return check_count("input", "rows*inputSize", CheckedSize(sizes.rows) * sizes.input_size,
                     input.size());
}

Status check_tokens(std::span<const std::int32_t> tokens, std::size_t vocabulary) {
  for (const std::int32_t token : tokens) {
    if (token < 0 || static_cast<std::size_t>(token) >= vocabulary) {
      return Status::value("tokens: expected integers from 0 to less than " +
                           std::to_string(vocabulary) + ", got " + std::to_string(token));
    }
  }
  return {};
}

}  // namespace

Status reference_linear_forward(const ReferenceLinearSizes& sizes, Values weight, Values bias,
                                Values input, std::vector<double>& output) {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_linear(sizes, weight, input));
    GRU_RETURN_IF_ERROR(check_count("bias", "outputSize", sizes.output_size, bias.size()));
    std::vector<double> y;  // [rows, O]
    for (std::size_t row = 0; row < sizes.rows; ++row) {
      const Values x = input.subspan(row * sizes.input_size, sizes.input_size);
      const std::vector<double> y_row = reference::affine(weight, bias, x, sizes.output_size);
      y.insert(y.end(), y_row.begin(), y_row.end());
    }
    output = std::move(y);
    return {};
  });
}

Status reference_linear_backward(const ReferenceLinearSizes& sizes, Values weight, Values input,
                                 Values d_output, ReferenceLinearGradients& gradients) {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_linear(sizes, weight, input));
    GRU_RETURN_IF_ERROR(check_count("dOutput", "rows*outputSize",
                                    CheckedSize(sizes.rows) * sizes.output_size, d_output.size()));
    ReferenceLinearGradients made{std::vector<double>(input.size(), 0.0),
                                  std::vector<double>(weight.size(), 0.0),
                                  std::vector<double>(sizes.output_size, 0.0)};
    for (std::size_t row = 0; row < sizes.rows; ++row) {
      const Values x = input.subspan(row * sizes.input_size, sizes.input_size);
      const Values dy = d_output.subspan(row * sizes.output_size, sizes.output_size);
      reference::add_transposed_product(
          weight, dy, Gradients(made.input).subspan(row * sizes.input_size, sizes.input_size));
      reference::add_outer_product(dy, x, made.weight);
      reference::add(dy, made.bias);
    }
    gradients = std::move(made);
    return {};
  });
}

Status reference_embedding_forward(std::size_t embedding_size, Values weight,
                                   std::span<const std::int32_t> tokens,
                                   std::vector<double>& output) {
  return guarded([&]() -> Status {
    const std::size_t vocabulary = embedding_size == 0 ? 0 : weight.size() / embedding_size;
    GRU_RETURN_IF_ERROR(check_count("weight", "tokens*embeddingSize",
                                    CheckedSize(vocabulary) * embedding_size, weight.size()));
    GRU_RETURN_IF_ERROR(check_tokens(tokens, vocabulary));
    std::vector<double> y;  // [rows, E]
    for (const std::int32_t token : tokens) {
      const Values row =
          weight.subspan(static_cast<std::size_t>(token) * embedding_size, embedding_size);
      y.insert(y.end(), row.begin(), row.end());
    }
    output = std::move(y);
    return {};
  });
}

Status reference_embedding_backward(std::size_t embedding_size, std::size_t vocabulary,
                                    std::span<const std::int32_t> tokens, Values d_output,
                                    std::vector<double>& d_weight) {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_tokens(tokens, vocabulary));
    GRU_RETURN_IF_ERROR(check_count("dOutput", "rows*embeddingSize",
                                    CheckedSize(tokens.size()) * embedding_size, d_output.size()));
    std::vector<double> made(vocabulary * embedding_size, 0.0);
    for (std::size_t row = 0; row < tokens.size(); ++row) {
      const std::size_t token = static_cast<std::size_t>(tokens[row]);
      reference::add(d_output.subspan(row * embedding_size, embedding_size),
                     Gradients(made).subspan(token * embedding_size, embedding_size));
    }
    d_weight = std::move(made);
    return {};
  });
}

void reference_activate(Activation activation, Gradients values) {
  for (double& y : values) {
    if (activation == Activation::relu) y = std::max(y, 0.0);
    if (activation == Activation::tanh) y = std::tanh(y);
    if (activation == Activation::sigmoid) y = 1 / (1 + std::exp(-y));
  }
}

void reference_activate_backward(Activation activation, Values values, Gradients d_values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double y = values[i];
    if (activation == Activation::relu) d_values[i] *= y > 0 ? 1 : 0;
    if (activation == Activation::tanh) d_values[i] *= 1 - y * y;
    if (activation == Activation::sigmoid) d_values[i] *= y * (1 - y);
  }
}

namespace {

/// (x - mean) / sqrt(variance + 1e-5) of one row; `root` becomes the square root.
std::vector<double> normalized(Values x, double& root) {
  const auto width = static_cast<double>(x.size());
  double mean = 0;
  for (const double value : x) mean += value / width;
  double variance = 0;
  for (const double value : x) variance += (value - mean) * (value - mean) / width;
  root = std::sqrt(variance + 1e-5);
  std::vector<double> u;
  for (const double value : x) u.push_back((value - mean) / root);
  return u;
}

}  // namespace

std::vector<double> reference_layer_norm_forward(Values weight, Values bias, Values input) {
  const std::size_t width = weight.size();
  std::vector<double> output;
  for (std::size_t first = 0; first < input.size(); first += width) {
    double root = 0;
    const std::vector<double> u = normalized(input.subspan(first, width), root);
    for (std::size_t j = 0; j < width; ++j) output.push_back(weight[j] * u[j] + bias[j]);
  }
  return output;
}

void reference_layer_norm_backward(Values weight, Values input, Values d_output,
                                   const ReferenceLayerNormGradients& gradients) {
  const std::size_t width = weight.size();
  const auto count = static_cast<double>(width);
  for (std::size_t first = 0; first < input.size(); first += width) {
    double root = 0;
    const std::vector<double> u = normalized(input.subspan(first, width), root);
    const Values d_y = d_output.subspan(first, width);
    double mean_v = 0;  // v = weight * d_y
    double mean_uv = 0;
    for (std::size_t j = 0; j < width; ++j) {
      gradients.weight[j] += d_y[j] * u[j];
      gradients.bias[j] += d_y[j];
      mean_v += weight[j] * d_y[j] / count;
      mean_uv += u[j] * weight[j] * d_y[j] / count;
    }
    for (std::size_t j = 0; j < width; ++j) {
      gradients.input[first + j] += (weight[j] * d_y[j] - mean_v - u[j] * mean_uv) / root;
    }
  }
}

}  // namespace gru
