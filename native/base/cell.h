#pragma once

#include <cstddef>
#include <cstdint>

namespace gru {

/// Which cell a recurrent layer has.
enum class CellKind : std::uint8_t {
  gru,
  lstm,  ///< c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'): PyTorch, cuDNN
};

/// The properties of a cell that stacks, devices and files need. Counts are in multiples of H.
struct CellSpec {
  std::size_t gates;    ///< blocks in every weight and bias
  std::size_t states;   ///< 1: the state h alone; 2: h and the cell state c
  std::size_t reserve;  ///< what a training pass keeps of each row for backward
};

/// gru: gates r, z, n; reserve r | z | n | q. lstm: gates i, f, g, o; reserve i | f | g | o | c'.
constexpr CellSpec cell_spec(CellKind kind) {
  return kind == CellKind::lstm ? CellSpec{4, 2, 5} : CellSpec{3, 1, 4};
}

/// Where the reset gate acts on the candidate n.
enum class ResetGate : std::uint8_t {
  after,   ///< n = tanh(W_n x + b_in + r * (U_n h + b_hn)): PyTorch, cuDNN, Keras 3
  before,  ///< n = tanh(W_n x + b_in + U_n (r * h) + b_hn): Cho et al. 2014, ONNX default
};

/// How the update gate z mixes the old state h and the candidate n.
enum class UpdateGate : std::uint8_t {
  retain,   ///< h' = z * h + (1 - z) * n: every framework
  replace,  ///< h' = (1 - z) * h + z * n: Cho et al. as usually taught
};

/// The variants of a GRU.
struct CellVariant {
  ResetGate reset = ResetGate::after;
  UpdateGate update = UpdateGate::retain;
};

/// The order in which a GRU's gates stack in every weight, bias and gate buffer.
enum Gate : std::size_t { gate_r = 0, gate_z = 1, gate_n = 2 };
inline constexpr std::size_t gate_count = cell_spec(CellKind::gru).gates;

/// The values that a GRU's training pass keeps for backward, in multiples of H for each row: r, z,
/// n and a fourth value. The fourth is q = U_n h + b_hn if the reset gate is after the product, and
/// r * h if it is before.
inline constexpr std::size_t reserve_gates = cell_spec(CellKind::gru).reserve;
inline constexpr std::size_t reserve_q = 3;

/// The order in which an LSTM's gates stack. In a reserve, the cell state after the step follows
/// them.
enum LstmGate : std::size_t { gate_i = 0, gate_f = 1, gate_g = 2, gate_o = 3 };
inline constexpr std::size_t reserve_c = 4;

}  // namespace gru
