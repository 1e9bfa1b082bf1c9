#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/activation.h"
#include "base/loss_options.h"
#include "base/options.h"

/// The description of a graph, with the content of lib's `Model({...})`.

namespace gru {

/// A named input: a number of values at each step, or one token of a vocabulary.
struct InputOptions {
  std::string name;
  bool tokens = false;
  std::size_t size = 0;    ///< values at each step, or tokens in the vocabulary
  std::string argument{};  ///< the name of its batches in messages; empty: `name`

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
  float probability = 0;  ///< that a value becomes 0 in training
};
/// Normalises the values of each row. It has a weight and a bias for each column.
struct LayerNormOptions {};
/// Puts the values of its inputs side by side.
struct ConcatOptions {};
/// Adds its inputs.
struct AddOptions {};

enum class SelectStep : std::uint8_t { last, mean };
/// Reduces each sequence to one row: the row of its last valid step, or the mean of its valid rows.
/// For a recurrent layer, the last row is the final state of its top layer, forward then reverse.
struct SelectOptions {
  SelectStep step = SelectStep::last;
};

enum class AttentionScore : std::uint8_t { additive, scaled_dot_product };
/// For each row of a query: the mean of the rows of a memory, weighted by how well they match the
/// query.
struct AttentionOptions {
  AttentionScore score = AttentionScore::scaled_dot_product;
  std::size_t size = 0;  ///< additive only: the width that query and memory are mapped to
};

using LayerKind =
    std::variant<EmbeddingOptions, RecurrentOptions, LinearOptions, DropoutOptions,
                 LayerNormOptions, ConcatOptions, AddOptions, SelectOptions, AttentionOptions>;

/// The name of a layer, and the names of the inputs or layers that it reads. Most kinds read one.
/// Concat and add read several. A recurrent layer reads its input and, optionally, the layer whose
/// rows are its initial states. Attention reads the query and the memory.
struct LayerOptions {
  std::string name;
  std::vector<std::string> inputs;
  LayerKind kind;
};

/// A layer whose values the caller gets, and the loss that trains it.
struct OutputOptions {
  std::string layer;
  LossOptions loss;
  double weight = 1;  ///< factor of its loss, and so of its gradient
  /// The names of the output and its targets in messages; outputs.LAYER and targets.LAYER if empty.
  std::string argument{};
  std::string target{};

  std::string in_messages() const { return argument.empty() ? "outputs." + layer : argument; }
  std::string target_in_messages() const { return target.empty() ? "targets." + layer : target; }
};

struct GraphOptions {
  std::vector<InputOptions> inputs;
  std::vector<LayerOptions> layers;  ///< in any order; without a cycle
  std::vector<OutputOptions> outputs;
  bool batch_first = false;  ///< the caller's tensors are [batch, steps, ...]
};

}  // namespace gru
