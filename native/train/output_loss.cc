#include "train/output_loss.h"

#include <string>

#include "train/class_loss.h"
#include "train/ctc_loss.h"
#include "train/value_loss.h"

namespace gru {

namespace {

/// One weight for each value of a row, or none.
Status check_weights(const char* name, std::size_t got, std::size_t width) {
  if (got == 0 || got == width) return {};
  return Status::shape(std::string(name) + ": expected a weight for each of the output's " +
                       std::to_string(width) + " values, got " + std::to_string(got));
}

/// Each target of an output of `width` values has `count` of them.
Status check_multiple(const char* what, std::size_t count, std::size_t width) {
  if (count > 0 && width % count == 0) return {};
  return Status::shape("loss: expected an output of a multiple of " + std::to_string(count) +
                       " values, " + what + ", got " + std::to_string(width));
}

Status check_fit(const LossOptions& loss, const EdgeShape& shape) {
  switch (loss.kind) {
    case LossKind::cross_entropy:
      return check_weights("classWeights", loss.class_weights.size(), shape.width);
    case LossKind::binary_cross_entropy:
      return check_weights("positiveWeights", loss.positive_weights.size(), shape.width);
    case LossKind::quantile:
      return check_multiple("one for each quantile", loss.quantiles.size(), shape.width);
    case LossKind::gaussian:
      return check_multiple("means and log variances", 2, shape.width);
    case LossKind::ctc:
      if (shape.every == Every::step && shape.width >= 2) return {};
      return Status::shape(
          "loss: expected an output at every step, of the blank and at least one label more");
    default:
      return {};
  }
}

}  // namespace

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

Status make_output_loss(const OutputOptions& options, const EdgeShape& shape, bool batch_first,
                        std::unique_ptr<OutputLoss>& loss) {
  GRU_RETURN_IF_ERROR(check_fit(options.loss, shape));
  switch (options.loss.kind) {
    case LossKind::cross_entropy:
      loss = std::make_unique<ClassLoss>(options.loss, options.weight);
      break;
    case LossKind::ctc:
      loss = std::make_unique<CtcLoss>(batch_first, options.weight);
      break;
    default:
      loss = std::make_unique<ValueLoss>(options.loss, options.weight);
  }
  return {};
}

}  // namespace gru
