#pragma once

#include <cstdint>
#include <optional>

#include "cuda/launch.h"
#include "cuda/limits.h"
#include "device/device.h"

namespace gru::cuda {

/// How the steps of a recurrence are computed.
enum class Tier : std::uint8_t {
  /// A block has all recurrent weights and computes all steps of some sequences.
  resident,
  /// Blocks divide the units and wait for each other in every step.
  persistent,
  /// Products and a pointwise kernel are launched for every step.
  stepwise,
};

/// The tiers of one direction of one layer.
struct Tiers {
  Tier forward = Tier::stepwise;
  Tier backward = Tier::stepwise;
};

/// The tier of GRUs that GRU_NATIVE_CUDA_TIER names, if it is set. Only for tests.
Status forced_tier(std::optional<Tier>& tier);

/// Gives the fastest tier that the layer fits, or `forced`. Fails with a device status if the layer
/// does not fit `forced`. An LSTM always has the stepwise tier.
///
/// Only the layer and the GPU decide, never the batch: tiers sum in different orders, and a
/// sequence's result must not depend on the other sequences.
Status choose_tiers(const RecurrentShape& shape, const Limits& limits, const Queue& queue,
                    std::optional<Tier> forced, Tiers& tiers);

}  // namespace gru::cuda
