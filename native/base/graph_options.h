#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/activation.h"
#include "base/loss_options.h"
#include "base/options.h"

/// The description of a graph: what lib's `Model({...})` says, and nothing else.

namespace gru {

/// A named input: so many values at each step, or one token of a vocabulary.
struct InputOptions {
  std::string name;
  bool tokens = false;
  std::size_t size = 0;    ///< values at each step, or tokens in the vocabulary
  std::string argument{};  ///< what messages call its batches; its name where this is empty

  const std::string& in_messages() const { return argument.empty() ? name : argument; }
};

struct EmbeddingOptions {
  std::size_t size = 0;
};
struct LinearOptions {
  std::size_t size = 0;
  Activation activation = Activation::none;
};
struct DropoutOptions {
  float probability = 0;  ///< of each value to become 0, in training
};
/// Over the values of each row, with a weight and a bias for each column.
struct LayerNormOptions {};
/// The inputs' values side by side.
struct ConcatOptions {};
/// The inputs' sum.
struct AddOptions {};

enum class SelectStep : std::uint8_t { last, mean };
/// One row for each sequence: that of its last valid step, or the mean of its valid rows. The last
/// one of a recurrent layer is the final state of its top layer, forward then reverse.
struct SelectOptions {
  SelectStep step = SelectStep::last;
};

enum class AttentionScore : std::uint8_t { additive, scaled_dot_product };
/// For each row of a query the mean of a memory's rows, weighted by how well they fit.
struct AttentionOptions {
  AttentionScore score = AttentionScore::scaled_dot_product;
  std::size_t size = 0;  ///< with additive, of what query and memory are mapped to
};

using LayerKind =
    std::variant<EmbeddingOptions, RecurrentOptions, LinearOptions, DropoutOptions,
                 LayerNormOptions, ConcatOptions, AddOptions, SelectOptions, AttentionOptions>;

/// A layer by its name, and the names of the inputs or layers that it reads: of most kinds one, of
/// concat and add several, of a recurrent layer its input and perhaps the layer whose rows are its
/// initial states, of attention the query and the memory.
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
  /// What messages call the output and its targets; outputs.LAYER and targets.LAYER where empty.
  std::string argument{};
  std::string target{};

  std::string in_messages() const { return argument.empty() ? "outputs." + layer : argument; }
  std::string target_in_messages() const { return target.empty() ? "targets." + layer : target; }
};

struct GraphOptions {
  std::vector<InputOptions> inputs;
  std::vector<LayerOptions> layers;  ///< in any order that has no circle
  std::vector<OutputOptions> outputs;
  bool batch_first = false;  ///< the caller's tensors are [batch, steps, ...]
};

}  // namespace gru
