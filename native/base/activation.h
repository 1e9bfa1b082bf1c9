#pragma once

#include <cstdint>

namespace gru {

/// The function that a layer applies to each of its values at the end.
enum class Activation : std::uint8_t { none, relu, tanh, sigmoid };

}  // namespace gru
