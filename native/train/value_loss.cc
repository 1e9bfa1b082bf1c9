#include "train/value_loss.h"

#include <algorithm>
#include <cmath>

#include "base/checks.h"
#include "train/valid_rows.h"

namespace gru {

Status ValueLoss::check_targets(const EdgeShape& shape, const RowMap& map, const Target& target) {
  denominator_ = static_cast<double>(valid_rows(shape, map));
  if (options_.ignore_missing) GRU_RETURN_IF_ERROR(count_present(shape, map, target));
  return has_probabilities(options_.kind) ? check_probabilities(shape, map, target) : Status();
}

/// Each value that is present counts as its part of a row.
Status ValueLoss::count_present(const EdgeShape& shape, const RowMap& map, const Target& target) {
  const std::size_t width = target_width(options_, shape.width);
  std::ptrdiff_t present = 0;
  GRU_RETURN_IF_ERROR(for_each_valid_row(shape, map, [&](std::size_t row) {
    present += std::ranges::count_if(target.values.subspan(row * width, width),
                                     [](float value) { return !std::isnan(value); });
    return Status();
  }));
  denominator_ = static_cast<double>(present) / static_cast<double>(width);
  return {};
}

Status ValueLoss::check_probabilities(const EdgeShape& shape, const RowMap& map,
                                      const Target& target) const {
  const std::size_t width = target_width(options_, shape.width);
  return for_each_valid_row(shape, map, [&](std::size_t row) {
    for (std::size_t index = row * width; index < (row + 1) * width; ++index) {
      GRU_RETURN_IF_ERROR(check_probability(target_name_.c_str(), target.values, index));
    }
    return Status();
  });
}

Status ValueLoss::compute(Device& device, const Sequence& output, const Target& target,
                          DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics) {
  ValueLossCall call;
  fill(call, output, gradient, metrics);
  call.kind = options_.kind;
  call.delta = options_.delta;
  call.ignore_missing = options_.ignore_missing;
  GRU_RETURN_IF_ERROR(
      stage_input(device, std::span<const float>(options_.quantiles), quantiles_, call.quantiles));
  GRU_RETURN_IF_ERROR(stage_input(device, std::span<const float>(options_.positive_weights),
                                  positive_weights_, call.positive_weights));
  DeviceSpan<const float> staged;
  GRU_RETURN_IF_ERROR(stage_input(device, target.values, staged_, staged));
  const DeviceMatrix<const float> padded(staged, target_width(options_, output.values.columns()));
  GRU_RETURN_IF_ERROR(output.every == Every::step
                          ? output.rows->pack(device, padded, packed_, call.targets)
                          : output.rows->pack_sequences(device, padded, packed_, call.targets));
  return device.value_loss(call);
}

}  // namespace gru
