#pragma once

#include <cstdint>
#include <span>

#include "layers/parameter_layout.h"

namespace gru {

/// Draws the initial values that the layout describes, from `seed` alone. `parameters` has
/// layout.count() elements.
void initialize_parameters(const ParameterLayout& layout, std::uint64_t seed,
                           std::span<float> parameters);

/// Random streams of a graph's one seed: tensors use the streams 0, 1, ...; dropout masks use the
/// streams from this number on.
inline constexpr std::uint64_t dropout_stream = std::uint64_t{1} << 32;

}  // namespace gru
