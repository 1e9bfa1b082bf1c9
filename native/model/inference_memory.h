#pragma once

#include <vector>

#include "device/buffer.h"
#include "model/graph.h"

namespace gru {

/// The working memory of one call that computes outputs. Later calls reuse it.
struct InferenceMemory {
  GraphPass prediction;       ///< of all steps
  GraphPass step;             ///< of a single step
  Buffer<float> step_states;  ///< of a step of several sessions
  Buffer<float> staged_output;
  std::vector<Buffer<float>> staged_states;  ///< of each state of the graph
};

}  // namespace gru
