#pragma once

#include <cstdint>
#include <span>

#include "layers/parameter_layout.h"

namespace gru {

/// Draws the initial values that the layout asks for, from `seed` alone. [layout.count()]
void initialize_parameters(const ParameterLayout& layout, std::uint64_t seed,
                           std::span<float> parameters);

/// Streams of the one seed that a graph has: tensors take 0, 1, ...; dropout masks those
/// from here.
inline constexpr std::uint64_t dropout_stream = std::uint64_t{1} << 32;

}  // namespace gru
