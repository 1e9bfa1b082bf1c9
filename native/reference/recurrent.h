#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "base/options.h"
#include "base/random.h"
#include "base/status.h"
#include "reference/gru_cell.h"
#include "reference/lstm_cell.h"

namespace gru {

/// A padded, time-major batch: T = steps, B = batch, I = input_size, H = hidden_size, L = layers, D
/// = directions. RecurrentOptions::batch_first is ignored: callers transpose.
struct ReferenceInput {
  std::size_t steps = 0;
  std::size_t batch = 0;
  std::span<const double> input;          ///< [T, B, I]
  std::span<const double> initial_state;  ///< [L*D, B, H]; empty: zeros
  std::span<const double> initial_cell;   ///< [L*D, B, H], of an LSTM; empty: zeros
  std::span<const std::int32_t> lengths;  ///< [B], each 0..T, in any order; empty: all T
  /// Dropout for every layer's output except the last one's. Element (t, b, j) of layer l's output
  /// [T, B, D*H] has the scale at index (t*B + b)*D*H + j of stream `stream + l`. The mask's
  /// probability replaces RecurrentOptions::dropout, which is ignored. The default 0 means
  /// inference.
  DropoutMask dropout_mask;
};

/// What one direction of one layer keeps for backward, for each step [T, B]; empty past a length.
using ReferenceDirectionPass =
    std::variant<std::vector<reference::GruActivations>, std::vector<reference::LstmActivations>>;

struct ReferenceLayerPass {
  std::vector<double> input;                       ///< [T, B, I or D*H], after dropout
  std::vector<ReferenceDirectionPass> directions;  ///< [D]
};

/// The results of a forward pass, and all that backward needs of it.
struct ReferencePass {
  std::vector<double> output;  ///< [T, B, D*H]: of the last layer; zero past a length
  std::vector<double> state;   ///< [L*D, B, H]: after each sequence's last valid step
  std::vector<double> cell;    ///< likewise, of an LSTM
  std::vector<ReferenceLayerPass> layers;
  std::size_t steps = 0;
  std::vector<std::size_t> lengths;  ///< [B]
  DropoutMask dropout_mask;
};

struct ReferenceGradients {
  std::vector<double> input;          ///< [T, B, I]; zero past a length
  std::vector<double> initial_state;  ///< [L*D, B, H]
  std::vector<double> initial_cell;   ///< [L*D, B, H], of an LSTM
  std::vector<double> parameters;     ///< as reference_recurrent_parameter_count says
};

/// The number of parameters of a stack. They lie in PyTorch's order, one after the other: for each
/// layer and direction weight_ih [G, I or D*H], weight_hh [G, H] and, with a bias, bias_ih [G] and
/// bias_hh [G], with G = CellSpec::gates * H.
std::size_t reference_recurrent_parameter_count(const RecurrentOptions& options);

/// Runs the stack (docs/maths.md, "The cell", "The LSTM" and "The stack"). `parameters` are all of
/// them, as reference_recurrent_parameter_count says. Fails with a shape or value status that names
/// the argument.
Status reference_recurrent_forward(const RecurrentOptions& options,
                                   std::span<const double> parameters, const ReferenceInput& input,
                                   ReferencePass& pass);

/// The gradients of a scalar loss with respect to the results of a forward pass. Each may be empty:
/// zeros.
struct ReferenceOutputGradients {
  std::span<const double> d_output = {};  ///< [T, B, D*H]; values past a length have no influence
  std::span<const double> d_state = {};   ///< [L*D, B, H]
  std::span<const double> d_cell = {};    ///< [L*D, B, H], of an LSTM
};

/// The gradients of that loss.
Status reference_recurrent_backward(const RecurrentOptions& options,
                                    std::span<const double> parameters, const ReferencePass& pass,
                                    const ReferenceOutputGradients& of,
                                    ReferenceGradients& gradients);

/// Checks `lengths` ([B], each 0..T, or empty for all T) and writes them out in full.
Status reference_lengths(std::size_t steps, std::size_t batch,
                         std::span<const std::int32_t> lengths, std::vector<std::size_t>& full);

}  // namespace gru
