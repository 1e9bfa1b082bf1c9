#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/beam_search.h"
#include "model/decoder_context.h"
#include "model/decoder_parts.h"
#include "model/model.h"

namespace gru {

struct DecodeCall {
  /// A batch of every input of the graph. The batch of the target is ignored, including its size.
  std::span<const InputBatch> inputs;
  DecodeOptions options;
  const AbortFlag* abort = nullptr;
};

/// Finds the likeliest sequences of tokens of a model that predicts each token from the tokens
/// before it: the tokens that an output predicted become the values of one input of tokens, the
/// target. Layers that do not depend on the target are computed once for all sources. The others
/// are computed step by step, with the live hypotheses of all sources as one batch. Two threads
/// must not use it at the same time, and no other call of its model may run meanwhile.
class Decoder {
 public:
  /// `target` and `output` are numbers of an input and an output. Fails with a value status that
  /// names the part that cannot be computed step by step.
  static Status create(std::shared_ptr<Model> model, std::size_t target, std::size_t output,
                       std::unique_ptr<Decoder>& decoder) noexcept;

  const DecoderParts& parts() const { return parts_; }
  const std::shared_ptr<Model>& model() const { return model_; }

  /// Reads sources for targets that come step by step. `inputs` are as in a DecodeCall. May run at
  /// the same time as predictions of the model (Device::create_sibling).
  Status encode(std::span<const InputBatch> inputs, const AbortFlag* abort,
                DecoderContext& context) const noexcept;

  /// The best hypotheses of each source, best first. The results of a source do not depend on the
  /// other sources of the batch.
  Status decode(const DecodeCall& call, std::vector<std::vector<Hypothesis>>& results) noexcept;
  /// Frees what it keeps for the next call.
  void trim() noexcept;

 private:
  Decoder(std::shared_ptr<Model> model, DecoderParts parts)
      : model_(std::move(model)), parts_(std::move(parts)) {}

  Status check(const DecodeOptions& options) const;
  std::size_t batch_of(std::span<const InputBatch> inputs) const {
    return inputs[parts_.target == 0 ? 1 : 0].shape.batch;
  }
  std::vector<InputBatch> with_target(std::span<const InputBatch> inputs,
                                      std::span<const std::int32_t> tokens) const;
  Status read_sources(const DecodeCall& call);
  Status step(const BeamSearch& search, const AbortFlag* abort);
  Status gather_states(const BeamSearch& search);
  Status run(const DecodeCall& call, std::vector<std::vector<Hypothesis>>& results);

  std::shared_ptr<Model> model_;
  DecoderParts parts_;

  GraphPass source_pass_;
  GraphPass step_pass_;
  std::vector<Buffer<float>> states_;
  bool has_states_ = false;  ///< true after the first step
  Buffer<std::int32_t> parents_;
  std::vector<float> logits_;
  CountedBytes counted_;  ///< of logits_
};

}  // namespace gru
