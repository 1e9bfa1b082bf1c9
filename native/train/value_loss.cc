#include "train/value_loss.h"

namespace gru {

Status ValueLoss::check_targets(const EdgeShape& shape, const RowMap& map, const Target&) {
  denominator_ = static_cast<double>(shape.every == Every::step ? map.rows() : map.running());
  return {};
}

Status ValueLoss::compute(Device& device, const Sequence& output, const Target& target,
                          DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics) {
  ValueLossCall call;
  fill(call, output, gradient, metrics);
  call.kind = options_.kind;
  call.delta = options_.delta;
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
