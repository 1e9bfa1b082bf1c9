#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/graph.h"

namespace gru {

/// Makes a graph from its description: names become edges, layers get an order, inputs get groups.
class GraphBuilder {
 public:
  explicit GraphBuilder(const GraphOptions& options) : options_(options) {}

  Status build(Graph& graph);

 private:
  Status name_inputs();
  Status name_layers();
  Status order_layers();
  Status add_layer(const LayerOptions& options);
  Status add_outputs();
  Status check_all_lead_to_outputs() const;
  void number_groups();
  std::size_t group_of(std::size_t group) const;
  void join_groups(const std::vector<std::size_t>& edges);

  const GraphOptions& options_;
  Graph* graph_ = nullptr;
  std::unordered_map<std::string, std::size_t> layer_of_;  ///< index in options_.layers
  std::unordered_map<std::string, std::size_t> edge_of_;
  std::vector<std::size_t> order_;  ///< indices in options_.layers, each after those it reads
  std::vector<std::size_t>
      joined_to_;  ///< for each input's group: itself, or the group it was joined to
};

}  // namespace gru
