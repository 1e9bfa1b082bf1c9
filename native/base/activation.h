#pragma once

#include <cstdint>

namespace gru {

/// What a layer does to each of its values at its end.
enum class Activation : std::uint8_t { none, relu, tanh, sigmoid };

}  // namespace gru
