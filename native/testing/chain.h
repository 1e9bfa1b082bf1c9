#pragma once

#include <cstdint>

#include "base/graph_options.h"

/// The chain that lib's SequenceModel describes: embedding or features, a recurrent stack, perhaps
/// its last states, a linear head.
namespace gru::testing {

enum class InputKind : std::uint8_t { features, tokens };

struct ChainOptions {
  InputKind input = InputKind::features;
  std::size_t tokens = 0;  ///< size of the vocabulary, with InputKind::tokens
  RecurrentOptions gru;    ///< input_size is the embedding size with InputKind::tokens
  std::size_t output_size = 0;
  LossKind loss = LossKind::cross_entropy;
  Every every = Every::step;
};

inline GraphOptions chain(const ChainOptions& options) {
  const bool tokens = options.input == InputKind::tokens;
  const bool last = options.every == Every::last;
  GraphOptions graph;
  graph.inputs = {{"input", tokens, tokens ? options.tokens : options.gru.input_size}};
  if (tokens) {
    graph.layers.push_back({"embedding", {"input"}, EmbeddingOptions{options.gru.input_size}});
  }
  graph.layers.push_back({"gru", {tokens ? "embedding" : "input"}, options.gru});
  if (last) graph.layers.push_back({"last", {"gru"}, SelectOptions{}});
  graph.layers.push_back({"head", {last ? "last" : "gru"}, LinearOptions{options.output_size}});
  graph.outputs = {{"head", {options.loss}}};
  graph.batch_first = options.gru.batch_first;
  return graph;
}

}  // namespace gru::testing
