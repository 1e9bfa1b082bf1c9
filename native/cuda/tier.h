#pragma once

#include <cstdint>
#include <optional>

#include "cuda/launch.h"
#include "cuda/limits.h"
#include "device/device.h"

namespace gru::cuda {

/// How the steps of a recurrence are computed.
enum class Tier : std::uint8_t {
  resident,    ///< a block has all recurrent weights, and some sequences for all their steps
  persistent,  ///< blocks share the units, and meet in every step
  stepwise,    ///< products and a pointwise kernel, launched for every step
};

/// The tiers of one direction of one layer.
struct Tiers {
  Tier forward = Tier::stepwise;
  Tier backward = Tier::stepwise;
};

/// The tier of GRUs that GRU_NATIVE_CUDA_TIER names, if it is set: for tests.
Status forced_tier(std::optional<Tier>& tier);

/// The fastest tier that the layer fits, or `forced`; a device status where it does not fit that.
/// An LSTM has the stepwise tier alone.
///
/// Only the layer and the GPU decide, never the batch: tiers sum in different orders, and a
/// sequence's result must not depend on the other sequences.
Status choose_tiers(const RecurrentShape& shape, const Limits& limits, const Queue& queue,
                    std::optional<Tier> forced, Tiers& tiers);

}  // namespace gru::cuda
