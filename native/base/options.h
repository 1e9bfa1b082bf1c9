#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/cell.h"
#include "base/status.h"

namespace gru {

/// A stack of recurrent layers, in PyTorch's terms.
struct RecurrentOptions {
  std::size_t input_size = 0;
  std::size_t hidden_size = 0;
  std::size_t num_layers = 1;
  bool bias = true;
  bool bidirectional = false;
  bool batch_first = false;
  float dropout = 0;  ///< on the output of every layer but the last, in training
  CellKind cell = CellKind::gru;
  CellVariant variant;  ///< of a GRU

  CellSpec spec() const { return cell_spec(cell); }
  std::size_t num_directions() const { return bidirectional ? 2 : 1; }
  std::size_t output_size() const { return num_directions() * hidden_size; }
  std::size_t layer_input_size(std::size_t layer) const {
    return layer == 0 ? input_size : output_size();
  }
};

/// Which rows a sequence of values has: one for each valid step, or one for each sequence.
enum class Every : std::uint8_t { step, last };

enum class OptimizerKind : std::uint8_t { sgd, adam, adamw, rmsprop };

/// PyTorch's names and formulas (torch.optim.SGD, Adam, AdamW, RMSprop).
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adam;
  double learning_rate = 1e-3;
  double momentum = 0;      ///< sgd, rmsprop
  double beta1 = 0.9;       ///< adam, adamw
  double beta2 = 0.999;     ///< adam, adamw
  double decay = 0.99;      ///< rmsprop's alpha
  double epsilon = 1e-8;    ///< adam, adamw, rmsprop
  double weight_decay = 0;  ///< L2 added to the gradient; decoupled with adamw
};

/// The options of one tensor of parameters that differ from the optimiser's.
struct ParameterOptions {
  bool frozen = false;  ///< no gradient, no updates, and not counted in the norm
  std::optional<double> learning_rate = std::nullopt;
  std::optional<double> weight_decay = std::nullopt;

  bool operator==(const ParameterOptions&) const = default;
};

/// Bounds on the gradients before the update; zero means none. The norm is clipped first.
struct ClipOptions {
  double norm = 0;
  double value = 0;
};

}  // namespace gru
