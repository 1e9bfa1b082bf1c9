#include "train/output_loss.h"

#include "train/class_loss.h"
#include "train/ctc_loss.h"
#include "train/value_loss.h"

namespace gru {

Status no_valid_step() {
  return Status::value("lengths: expected at least one valid step in the batch, got none");
}

Status OutputLoss::check(const EdgeShape& shape, const RowMap& map, const Target& target) {
  if (map.rows() == 0) return no_valid_step();
  return check_part(shape, map, target);
}

Status OutputLoss::check_part(const EdgeShape& shape, const RowMap& map, const Target& target) {
  impossible_.clear();
  return check_targets(shape, map, target);
}

void OutputLoss::fill(LossCall& call, const Sequence& output, DeviceMatrix<float> gradient,
                      DeviceSpan<StepMetrics> metrics) const {
  call.output = output.values;
  call.d_output = gradient;
  call.metrics = metrics;
  call.weight = weight_;
  call.denominator = denominator_;
}

std::unique_ptr<OutputLoss> make_output_loss(const OutputOptions& options, bool batch_first) {
  switch (target_kind(options.loss.kind)) {
    case TargetKind::classes:
      return std::make_unique<ClassLoss>(options);
    case TargetKind::labels:
      return std::make_unique<CtcLoss>(options, batch_first);
    case TargetKind::values:
      break;
  }
  return std::make_unique<ValueLoss>(options);
}

}  // namespace gru
