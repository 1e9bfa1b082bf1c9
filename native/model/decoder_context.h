#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/decoder_parts.h"
#include "model/inference.h"

namespace gru {

struct DecoderStep {
  InputBatch tokens;               ///< of one step: a token of each target
  std::span<float> logits;         ///< [batch, tokens of the target]
  DeviceSpan<const float> before;  ///< the states before the step
  const AbortFlag* abort = nullptr;
};

/// Sources as the steps of a decoder read them: the memory of attention with its keys, and the
/// states before the first step. All of this is computed once, with the parameters of that time.
/// Targets of the same sources share it, one call at a time. States are the arrays of
/// DecoderParts::states one after another, each [blocks, batch, width].
class DecoderContext {
 public:
  DecoderContext() = default;
  DecoderContext(const DecoderContext&) = delete;
  DecoderContext& operator=(const DecoderContext&) = delete;

  /// Takes over what the steps read of `sources`, a pass in which DecoderParts::once were computed
  /// of `inputs`. Later passes may use its memory.
  Status open(Inference& inference, const DecoderParts& parts, std::span<const InputBatch> inputs,
              const GraphPass& sources, const AbortFlag* abort);
  DeviceSpan<const float> initial_states() const { return initial_states_.span(); }
  Status step(Inference& inference, const DecoderParts& parts, const DecoderStep& call);
  /// Copies the states after a step, before the next one.
  Status end_step(Inference& inference, const DecoderParts& parts, DeviceSpan<float> states) const;

 private:
  std::vector<std::int32_t> sequences_;  ///< sequence i of the target belongs to source i
  GraphPass pass_;                       ///< of a step; it has copies of the context's edges
  Buffer<float> initial_states_;
};

}  // namespace gru
