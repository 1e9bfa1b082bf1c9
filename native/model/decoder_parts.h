#pragma once

#include <cstddef>
#include <vector>

#include "model/graph.h"

namespace gru {

/// The parts of a graph that predicts the tokens of one of its inputs, the target, each from those
/// before it. The layers behind the target are computed step by step, the others once.
struct DecoderParts {
  std::size_t target = 0;  ///< number of an input
  std::size_t output = 0;  ///< number of an output
  std::vector<std::size_t> once;
  std::vector<std::size_t> each_step;
  std::vector<std::size_t> context_edges;  ///< that are computed once, and that the steps read
  std::size_t context_width = 0;           ///< the sum of their widths
  std::vector<GraphState> states;          ///< of the layers of each step

  /// Fails with a value status that names the part that cannot be computed step by step.
  static Status find(const Graph& graph, std::size_t target, std::size_t output,
                     DecoderParts& parts);
};

}  // namespace gru
