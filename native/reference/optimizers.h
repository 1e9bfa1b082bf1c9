#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/options.h"
#include "base/status.h"

namespace gru {

/// The state of an optimiser between updates; it starts empty.
struct ReferenceOptimizerState {
  std::uint64_t step = 0;      ///< updates done
  std::vector<double> first;   ///< Adam's first moment; the momentum buffer of SGD and RMSprop
  std::vector<double> second;  ///< Adam's second moment; RMSprop's mean square
};

/// The global L2 norm.
double reference_gradient_norm(std::span<const double> gradients);

/// Clips the gradients in place, first by their norm (torch.nn.utils.clip_grad_norm_), then by
/// their values (clip_grad_value_). Returns the norm before clipping.
double reference_clip(const ClipOptions& options, std::span<double> gradients);

/// One update of `parameters` in place by PyTorch's formulas: torch.optim.SGD (dampening 0, no
/// Nesterov), Adam, AdamW (no AMSGrad), RMSprop (not centred).
Status reference_update(const OptimizerOptions& options, std::span<const double> gradients,
                        ReferenceOptimizerState& state, std::span<double> parameters);

}  // namespace gru
