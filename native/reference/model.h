#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/options.h"
#include "base/random.h"
#include "base/status.h"
#include "reference/optimizers.h"

namespace gru {

/// A padded, time-major batch for a model: of `features` and `tokens` the one that the model reads,
/// of `classes` and `values` the one that its loss is taken against. Predicted rows are (t, b) in
/// [T, B] with Every::step, [B] with Every::last; those past a length, and the sequences of length
/// 0, are not predicted.
struct ReferenceBatch {
  std::size_t steps = 0;
  std::size_t batch = 0;
  std::span<const double> features;       ///< [T, B, I]
  std::span<const std::int32_t> tokens;   ///< [T, B], each within the vocabulary, padding too
  std::span<const std::int32_t> classes;  ///< [rows]
  std::span<const double> values;         ///< [rows, O]
  std::span<const std::int32_t> lengths;  ///< [B]; empty: all T
  DropoutMask dropout_mask;               ///< as in ReferenceInput
};

struct ReferenceModelGradients {
  double loss = 0;
  std::vector<double> parameters;  ///< laid out by ParameterLayout::of_model
};

struct ReferenceStep {
  double loss = 0;
  double gradient_norm = 0;  ///< before clipping
};

/// Logits or values, [rows, O]; 0 in the rows that are not predicted. The initial state is 0.
Status reference_model_predict(const ModelOptions& options, std::span<const double> parameters,
                               const ReferenceBatch& batch, std::vector<double>& predictions);

/// The loss of a batch and its gradient with respect to every parameter.
Status reference_model_gradients(const ModelOptions& options, std::span<const double> parameters,
                                 const ReferenceBatch& batch, ReferenceModelGradients& result);

/// A whole training step: loss, gradients, clipping, update of `parameters` in place.
Status reference_model_step(const ModelOptions& options, const OptimizerOptions& optimizer,
                            const ClipOptions& clip, const ReferenceBatch& batch,
                            std::span<double> parameters, ReferenceOptimizerState& state,
                            ReferenceStep& result);

}  // namespace gru
