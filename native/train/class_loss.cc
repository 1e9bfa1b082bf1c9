#include "train/class_loss.h"

#include <string>

#include "base/checks.h"
#include "train/valid_rows.h"

namespace gru {

Status ClassLoss::check_class(const Target& target, std::size_t row, std::size_t classes) {
  const std::int32_t id = target.classes[row];
  if (id == options_.ignored_class) return {};
  GRU_RETURN_IF_ERROR(check_id(target_name_.c_str(), target.classes, row, classes));
  denominator_ += options_.class_weights.empty()
                      ? 1
                      : static_cast<double>(options_.class_weights[static_cast<std::size_t>(id)]);
  return {};
}

Status ClassLoss::check_targets(const EdgeShape& shape, const RowMap& map, const Target& target) {
  denominator_ = 0;
  return for_each_valid_row(shape, map,
                            [&](std::size_t row) { return check_class(target, row, shape.width); });
}

Status ClassLoss::compute(Device& device, const Sequence& output, const Target& target,
                          DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics) {
  CrossEntropyCall call;
  fill(call, output, gradient, metrics);
  call.label_smoothing = options_.label_smoothing;
  call.ignored_class = options_.ignored_class;
  GRU_RETURN_IF_ERROR(stage_input(device, std::span<const float>(options_.class_weights),
                                  class_weights_, call.class_weights));
  DeviceSpan<const std::int32_t> staged;
  GRU_RETURN_IF_ERROR(stage_input(device, target.classes, staged_, staged));
  GRU_RETURN_IF_ERROR(output.every == Every::step
                          ? output.rows->pack(device, staged, packed_, call.targets)
                          : output.rows->pack_sequences(device, staged, packed_, call.targets));
  return device.cross_entropy(call);
}

}  // namespace gru
