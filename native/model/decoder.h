#pragma once

#include <memory>
#include <vector>

#include "model/beam_search.h"
#include "model/model.h"

namespace gru {

struct DecodeCall {
  /// A batch of every input of the graph; that of the target says nothing, not even its size.
  std::span<const InputBatch> inputs;
  DecodeOptions options;
  const AbortFlag* abort = nullptr;
};

/// Finds the likeliest sequences of tokens of a model that predicts each from those before it: one
/// input of tokens, the target, takes what an output predicted. The layers that the target does not
/// reach are computed once for all sources; the others step by step, for the live hypotheses of all
/// sources as one batch. Not for two threads at once, nor beside another call of its model.
class Decoder {
 public:
  /// `target` and `output` are numbers of an input and an output. A value status names what does
  /// not go step by step.
  static Status create(std::shared_ptr<Model> model, std::size_t target, std::size_t output,
                       std::unique_ptr<Decoder>& decoder) noexcept;

  /// Of each source the best hypotheses, best first. A sequence's results do not depend on the
  /// others of the batch.
  Status decode(const DecodeCall& call, std::vector<std::vector<Hypothesis>>& results) noexcept;

 private:
  Decoder(std::shared_ptr<Model> model, std::size_t target, std::size_t output);

  Status check(const DecodeOptions& options) const;
  Status read_sources(const DecodeCall& call);
  Status step(const BeamSearch& search, const AbortFlag* abort);
  Status gather_states(const BeamSearch& search);
  Status run(const DecodeCall& call, std::vector<std::vector<Hypothesis>>& results);

  std::shared_ptr<Model> model_;
  std::size_t target_;
  std::size_t output_;
  std::vector<std::size_t> once_;  ///< layers that the target does not reach
  std::vector<std::size_t> each_step_;

  GraphPass sources_;
  GraphPass steps_;
  std::vector<Buffer<float>> states_;
  bool has_states_ = false;  ///< since the first step
  Buffer<std::int32_t> parents_;
  std::vector<float> logits_;
};

}  // namespace gru
