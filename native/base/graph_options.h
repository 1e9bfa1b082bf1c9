#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "base/loss_options.h"
#include "base/options.h"

/// The description of a graph: what lib's `Model({...})` says, and nothing else.

namespace gru {

/// A named input: so many values at each step, or one token of a vocabulary.
struct InputOptions {
  std::string name;
  bool tokens = false;
  std::size_t size = 0;  ///< values at each step, or tokens in the vocabulary
};

struct EmbeddingOptions {
  std::size_t size = 0;
};
struct LinearOptions {
  std::size_t size = 0;
};
/// One row for each sequence: the last valid one.
struct SelectOptions {};

using LayerKind = std::variant<EmbeddingOptions, RecurrentOptions, LinearOptions, SelectOptions>;

/// A layer by its name, and the names of the inputs or layers that it reads.
struct LayerOptions {
  std::string name;
  std::vector<std::string> inputs;
  LayerKind kind;
};

/// A layer whose values the caller gets, and what they are trained for.
struct OutputOptions {
  std::string layer;
  LossOptions loss;
  double weight = 1;  ///< of its loss, and so of its gradient, beside those of other outputs
};

struct GraphOptions {
  std::vector<InputOptions> inputs;
  std::vector<LayerOptions> layers;  ///< in any order that has no circle
  std::vector<OutputOptions> outputs;
  bool batch_first = false;  ///< the caller's tensors are [batch, steps, ...]
};

}  // namespace gru
