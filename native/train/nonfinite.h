#pragma once

#include <string>

#include "layers/parameter_layout.h"
#include "model/graph.h"

/// Where a number that is not finite began. These look at all values on the host, so they are for
/// steps that have failed.

namespace gru {

/// The first edge, in the order of computation, that carries one after a forward pass, as
/// Graph::edge_name calls it; empty where there is none.
Status find_nonfinite_edge(Device& device, const Graph& graph, const GraphPass& pass,
                           std::string& where);
/// The first tensor, in the order of backward, whose gradient has one: `the gradient of
/// "head.weight"`; empty where there is none.
Status find_nonfinite_gradient(Device& device, const ParameterLayout& layout,
                               DeviceSpan<const float> gradients, std::string& where);

/// The failure of step number `step` by `what`, which came to `value`. `where` may be empty.
Status nonfinite_step(std::uint64_t step, const std::string& what, double value,
                      const std::string& where);

}  // namespace gru
