#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/graph_options.h"
#include "base/random.h"
#include "base/status.h"
#include "reference/losses.h"
#include "reference/optimizers.h"
#include "reference/recurrent.h"

namespace gru {

/// A padded, time-major batch of one input: `features` or `tokens`, as its options say.
struct ReferenceBatch {
  std::size_t steps = 0;
  std::size_t batch = 0;
  std::span<const double> features;       ///< [T, B, size]
  std::span<const std::int32_t> tokens;   ///< [T, B], each within the vocabulary, padding too
  std::span<const std::int32_t> lengths;  ///< [B]; empty: all T
};

/// What an edge of the graph carries.
struct ReferenceEdge {
  std::size_t steps = 0;
  std::size_t batch = 0;
  std::vector<std::size_t> lengths;  ///< [B]
  Every every = Every::step;
  std::size_t width = 0;
  /// [T, B, width] or [B, width]; 0 in rows that are not valid
  std::vector<double> values;
  std::vector<std::int32_t> tokens;  ///< [T, B], of an input of tokens
  ReferencePass recurrent;           ///< of a recurrent layer
};

using ReferenceEdges = std::map<std::string, ReferenceEdge>;

struct ReferenceGraphGradients {
  double loss = 0;                 ///< the sum of the outputs' losses, each times its weight
  std::vector<double> parameters;  ///< as the layers declare them, in the order of the description
  std::vector<std::vector<double>> outputs;  ///< for each output, those of its predictions
};

/// The optimiser of a training step, and its batch.
struct ReferenceStepCall {
  OptimizerOptions optimizer = {};
  ClipOptions clip = {};
  std::span<const ReferenceBatch> inputs = {};
  std::span<const ReferenceTarget> targets = {};
  DropoutMask mask = {};
};

struct ReferenceStep {
  double loss = 0;
  double gradient_norm = 0;  ///< before clipping
};

/// The number of parameters of a graph. The layers must be in an order in which they can be
/// computed; so must they for all functions below. The parameters of each layer follow those of the
/// layers before it.
std::size_t reference_graph_parameter_count(const GraphOptions& options);

/// Computes every edge of the graph, by its name. `mask` is the mask of the pass: probability 0
/// means inference; with any other one, dropout applies with each layer's own probability.
Status reference_graph_forward(const GraphOptions& options, std::span<const double> parameters,
                               std::span<const ReferenceBatch> inputs, const DropoutMask& mask,
                               ReferenceEdges& edges);

/// The loss of a batch and its gradient with respect to every parameter.
Status reference_graph_gradients(const GraphOptions& options, std::span<const double> parameters,
                                 std::span<const ReferenceBatch> inputs,
                                 std::span<const ReferenceTarget> targets, const DropoutMask& mask,
                                 ReferenceGraphGradients& result);

/// A whole training step: loss, gradients, clipping, update of `parameters` in place.
Status reference_graph_step(const GraphOptions& options, const ReferenceStepCall& call,
                            std::span<double> parameters, ReferenceOptimizerState& state,
                            ReferenceStep& result);

}  // namespace gru
