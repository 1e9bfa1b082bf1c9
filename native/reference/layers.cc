#include "reference/layers.h"

#include <algorithm>
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

}  // namespace gru
