#pragma once

#include <cstdint>
#include <span>

#include "base/parameters.h"

namespace gru {

/// PyTorch's initial values, from `seed` alone: embedding.weight normal(0, 1); every other tensor
/// uniform(-k, k) with k = 1 / sqrt(hidden_size) for the GRU and 1 / sqrt(D * H) for the head.
void initialize_parameters(const ParameterLayout& layout, const GruOptions& options,
                           std::uint64_t seed, std::span<float> parameters);

/// Streams of the one seed that a layer or model has: tensors take 0, 1, ...; dropout masks those
/// from here.
inline constexpr std::uint64_t dropout_stream = std::uint64_t{1} << 32;

}  // namespace gru
