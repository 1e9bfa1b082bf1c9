#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "reference/algebra.h"
#include "reference/graph.h"

/// What each kind of layer computes in the reference's graph, forward and backward. The layers do
/// not know how they are connected.
namespace gru::reference {

/// The gradient of an edge. The layers that read the edge add to it.
struct EdgeGradient {
  std::vector<double> values;
  std::vector<double> state;  ///< of a recurrent layer: [L*D, B, H]
};

/// A layer's part of a forward pass. At the start `output` has the steps, the lengths and the kind
/// of rows of the first input, and its own width. Rows that are not valid may hold any number.
struct Forward {
  Values parameters;
  std::span<const ReferenceEdge* const> inputs;
  DropoutMask mask;
  ReferenceEdge& output;
};

/// A layer's part of a backward pass: it adds to the gradients of its inputs and its parameters.
/// `d_output` is 0 in rows that are not valid.
struct Backward {
  Values parameters;
  std::span<const ReferenceEdge* const> inputs;
  DropoutMask mask;
  const ReferenceEdge& output;
  EdgeGradient& d_output;
  std::span<EdgeGradient* const> d_inputs;
  Gradients d_parameters;
};

Status forward(const EmbeddingOptions& options, const Forward& call);
Status forward(const RecurrentOptions& options, const Forward& call);
Status forward(const LinearOptions& options, const Forward& call);
Status forward(const DropoutOptions& options, const Forward& call);
Status forward(const LayerNormOptions& options, const Forward& call);
Status forward(const ConcatOptions& options, const Forward& call);
Status forward(const AddOptions& options, const Forward& call);
Status forward(const SelectOptions& options, const Forward& call);
Status forward(const AttentionOptions& options, const Forward& call);

Status backward(const EmbeddingOptions& options, const Backward& call);
Status backward(const RecurrentOptions& options, const Backward& call);
Status backward(const LinearOptions& options, const Backward& call);
Status backward(const DropoutOptions& options, const Backward& call);
Status backward(const LayerNormOptions& options, const Backward& call);
Status backward(const ConcatOptions& options, const Backward& call);
Status backward(const AddOptions& options, const Backward& call);
Status backward(const SelectOptions& options, const Backward& call);
Status backward(const AttentionOptions& options, const Backward& call);

/// Widths of a layer's inputs: the values in a row, or the size of the vocabulary.
using Widths = std::span<const std::size_t>;

std::size_t width_of(const LayerOptions& layer, Widths inputs);
std::size_t count_of(const LayerOptions& layer, Widths inputs);  ///< of its parameters
std::size_t streams_of(const LayerOptions& layer);               ///< of its dropout

/// 1 for each valid row: a step before its sequence's length, or the row of a sequence with a valid
/// step.
std::vector<std::uint8_t> valid_rows(const ReferenceEdge& edge);
/// Sets the rows that are not valid to zero.
void clear_padding(const ReferenceEdge& edge, std::vector<double>& values);

}  // namespace gru::reference
