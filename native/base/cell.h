#pragma once

#include <cstddef>
#include <cstdint>

namespace gru {

/// Where the reset gate acts on the candidate n.
enum class ResetGate : std::uint8_t {
  after,   ///< n = tanh(W_n x + b_in + r * (U_n h + b_hn)): PyTorch, cuDNN, Keras 3
  before,  ///< n = tanh(W_n x + b_in + U_n (r * h) + b_hn): Cho et al. 2014, ONNX default
};

/// Which way the update gate z mixes.
enum class UpdateGate : std::uint8_t {
  retain,   ///< h' = z * h + (1 - z) * n: every framework
  replace,  ///< h' = (1 - z) * h + z * n: Cho et al. as usually taught
};

struct CellVariant {
  ResetGate reset = ResetGate::after;
  UpdateGate update = UpdateGate::retain;
};

/// The order in which the gates stack in every weight, bias and gate buffer.
enum Gate : std::size_t { gate_r = 0, gate_z = 1, gate_n = 2 };
inline constexpr std::size_t gate_count = 3;

/// What a training pass keeps for backward, in multiples of H for each row: r, z, n and a fourth,
/// which is q = U_n h + b_hn with the reset gate after the product, and r * h with the reset gate
/// before it.
inline constexpr std::size_t reserve_gates = 4;
inline constexpr std::size_t reserve_q = 3;

}  // namespace gru
