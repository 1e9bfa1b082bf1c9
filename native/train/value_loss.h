#pragma once

#include "train/output_loss.h"

namespace gru {

/// All losses whose targets are values.
class ValueLoss final : public OutputLoss {
 public:
  explicit ValueLoss(const OutputOptions& options) : OutputLoss(options), options_(options.loss) {}

  Status compute(Device& device, const Sequence& output, const Target& target,
                 DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics) override;

  std::size_t held_bytes() const override {
    return bytes_of(quantiles_, positive_weights_, staged_, packed_);
  }
  void trim() override {
    staged_ = {};
    packed_ = {};
  }

 private:
  Status check_targets(const EdgeShape& shape, const RowMap& map, const Target& target) override;
  Status count_present(const EdgeShape& shape, const RowMap& map, const Target& target);
  Status check_probabilities(const EdgeShape& shape, const RowMap& map, const Target& target) const;

  LossOptions options_;
  Buffer<float> quantiles_;
  Buffer<float> positive_weights_;
  Buffer<float> staged_;
  Buffer<float> packed_;
};

}  // namespace gru
