#include "train/output_loss.h"

#include "base/checks.h"

namespace gru {

namespace {

/// The caller's rows that count, or nothing where all do; of a row for each sequence, those of the
/// sequences that have a step.
std::span<const std::int32_t> valid_rows(const EdgeShape& shape, const RowMap& map) {
  if (shape.every == Every::step) return map.to_padded();
  return map.keeps_order() ? std::span<const std::int32_t>() : map.order().first(map.running());
}

}  // namespace

Status OutputLoss::check(const EdgeShape& shape, const RowMap& map, const Target& target) const {
  if (map.rows() == 0) {
    return Status::value("lengths: expected at least one valid step in the batch, got none");
  }
  if (kind_ == LossKind::mean_squared_error) return {};
  const bool first_ones = shape.every == Every::last && map.keeps_order();
  const auto classes = first_ones ? target.classes.first(map.running()) : target.classes;
  return check_ids("target", classes, valid_rows(shape, map), shape.width);
}

Status OutputLoss::compute(Device& device, const Sequence& output, const Target& target,
                           DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics) {
  switch (kind_) {
    case LossKind::cross_entropy:
      return cross_entropy(device, output, target, gradient, metrics);
    case LossKind::mean_squared_error:
      return mean_squared_error(device, output, target, gradient, metrics);
  }
  return Status::internal("loss");
}

Status OutputLoss::cross_entropy(Device& device, const Sequence& output, const Target& target,
                                 DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics) {
  DeviceSpan<const std::int32_t> staged;
  DeviceSpan<const std::int32_t> packed;
  GRU_RETURN_IF_ERROR(stage_input(device, target.classes, staged_classes_, staged));
  GRU_RETURN_IF_ERROR(output.every == Every::step
                          ? output.rows->pack(device, staged, packed_classes_, packed)
                          : output.rows->pack_sequences(device, staged, packed_classes_, packed));
  return device.cross_entropy(output.values, packed, gradient, metrics);
}

Status OutputLoss::mean_squared_error(Device& device, const Sequence& output, const Target& target,
                                      DeviceMatrix<float> gradient,
                                      DeviceSpan<StepMetrics> metrics) {
  DeviceSpan<const float> staged;
  GRU_RETURN_IF_ERROR(stage_input(device, target.values, staged_values_, staged));
  const DeviceMatrix<const float> padded(staged, output.values.columns());
  DeviceMatrix<const float> packed;
  GRU_RETURN_IF_ERROR(output.every == Every::step
                          ? output.rows->pack(device, padded, packed_values_, packed)
                          : output.rows->pack_sequences(device, padded, packed_values_, packed));
  return device.mean_squared_error(output.values, packed, gradient, metrics);
}

}  // namespace gru
