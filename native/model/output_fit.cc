#include "model/output_fit.h"

#include <string>

namespace gru {

namespace {

Status refuse(const OutputOptions& output, const char* part, const std::string& expected,
              const std::string& got) {
  return Status::value(output.in_messages() + "." + part + ": expected " + expected + ", got " +
                       got);
}

/// One weight for each value of a row, or none.
Status check_weights(const OutputOptions& output, const char* part, std::size_t count,
                     std::size_t width) {
  if (count == 0 || count == width) return {};
  return refuse(output, part,
                "a weight for each of the output's " + std::to_string(width) + " values",
                std::to_string(count));
}

/// Each target of an output of `width` values has `count` of them.
Status check_multiple(const OutputOptions& output, const char* part, const std::string& what,
                      std::size_t count, std::size_t width) {
  if (count == 0) return refuse(output, part, "at least one", "none");
  if (width % count == 0) return {};
  return refuse(output, part,
                "an output of a multiple of " + std::to_string(count) + " values, " + what,
                std::to_string(width));
}

Status check_ctc(const OutputOptions& output, const EdgeShape& shape) {
  if (shape.every != Every::step) {
    return refuse(output, "loss", "an output at every step", "one row for each sequence");
  }
  if (shape.width >= 2) return {};
  return refuse(output, "loss", "an output of at least 2 values, the blank and one label",
                std::to_string(shape.width));
}

}  // namespace

Status check_output(const OutputOptions& output, const EdgeShape& shape) {
  const LossOptions& loss = output.loss;
  switch (loss.kind) {
    case LossKind::cross_entropy:
      return check_weights(output, "loss.classWeights", loss.class_weights.size(), shape.width);
    case LossKind::binary_cross_entropy:
      return check_weights(output, "loss.positiveWeights", loss.positive_weights.size(),
                           shape.width);
    case LossKind::quantile:
      return check_multiple(output, "loss.quantiles", "one for each quantile",
                            loss.quantiles.size(), shape.width);
    case LossKind::gaussian:
      return check_multiple(output, "loss", "means and log variances", 2, shape.width);
    case LossKind::ctc:
      return check_ctc(output, shape);
    case LossKind::mean_squared_error:
    case LossKind::mean_absolute_error:
    case LossKind::huber:
      return {};
  }
  return {};
}

}  // namespace gru
