#include "cuda/tier.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include "cuda/kernels/persistent.h"
#include "cuda/kernels/resident.h"

namespace gru::cuda {

namespace {

constexpr const char* variable = "GRU_NATIVE_CUDA_TIER";

struct Name {
  const char* name;
  Tier tier;
};
constexpr Name names[] = {
    {"resident", Tier::resident}, {"persistent", Tier::persistent}, {"stepwise", Tier::stepwise}};

/// Whether the layer fits each tier, forward and backward.
struct Fits {
  bool resident;
  bool persistent;

  bool has(Tier tier) const {
    return tier == Tier::stepwise || (tier == Tier::resident ? resident : persistent);
  }
  Tier best() const {
    if (resident) return Tier::resident;
    return persistent ? Tier::persistent : Tier::stepwise;
  }
};

Status force(const RecurrentShape& shape, const Fits& fits, Tier forced, Tier& tier) {
  tier = forced;
  if (fits.has(forced)) return {};
  return Status::device(std::string(variable) + ": a layer of hidden size " +
                        std::to_string(shape.hidden_size) + " does not fit this device in the " +
                        "tier that the variable names; unset it");
}

}  // namespace

Status forced_tier(std::optional<Tier>& tier) {
  const char* given = std::getenv(variable);
  if (given == nullptr || *given == '\0') return {};
  for (const Name& name : names) {
    if (std::string_view(given) == name.name) {
      tier = name.tier;
      return {};
    }
  }
  return Status::value(std::string(variable) +
                       ": expected 'resident', 'persistent' or 'stepwise', got '" + given + "'");
}

Status choose_tiers(const RecurrentShape& shape, const Limits& limits, const Queue& queue,
                    std::optional<Tier> forced, Tiers& tiers) {
  tiers = {};
  if (shape.cell == CellKind::lstm) return {};
  Fits forward{resident_forward_fits(shape, limits), false};
  Fits backward{resident_backward_fits(shape, limits), false};
  GRU_RETURN_IF_ERROR(persistent_forward_fits(shape, limits, queue, forward.persistent));
  GRU_RETURN_IF_ERROR(persistent_backward_fits(shape, limits, queue, backward.persistent));
  if (forced) {
    GRU_RETURN_IF_ERROR(force(shape, forward, *forced, tiers.forward));
    return force(shape, backward, *forced, tiers.backward);
  }
  tiers = {forward.best(), backward.best()};
  return {};
}

}  // namespace gru::cuda
