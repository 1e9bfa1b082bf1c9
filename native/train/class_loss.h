#pragma once

#include "train/output_loss.h"

namespace gru {

/// Cross entropy: targets are classes.
class ClassLoss final : public OutputLoss {
 public:
  explicit ClassLoss(const OutputOptions& options) : OutputLoss(options), options_(options.loss) {}

  Status compute(Device& device, const Sequence& output, const Target& target,
                 DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics) override;

  std::size_t held_bytes() const override { return bytes_of(class_weights_, staged_, packed_); }
  void trim() override {
    staged_ = {};
    packed_ = {};
  }

 private:
  Status check_targets(const EdgeShape& shape, const RowMap& map, const Target& target) override;
  Status check_class(const Target& target, std::size_t row, std::size_t classes);

  LossOptions options_;
  Buffer<float> class_weights_;
  Buffer<std::int32_t> staged_;
  Buffer<std::int32_t> packed_;
};

}  // namespace gru
