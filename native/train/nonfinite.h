#pragma once

#include <string>

#include "layers/parameter_layout.h"
#include "model/graph.h"

/// Finds where a value that is not finite first appears. These functions copy all values to the
/// host, so they are only for steps that failed.

namespace gru {

/// The description (Graph::edge_description) of the first edge, in the order of computation, with
/// such a value after a forward pass; empty if there is none.
Status find_nonfinite_edge(Device& device, const Graph& graph, const GraphPass& pass,
                           std::string& where);
/// The first tensor, in the order of backward, whose gradient has such a value: `the gradient of
/// "head.weight"`; empty if there is none.
Status find_nonfinite_gradient(Device& device, const ParameterLayout& layout,
                               DeviceSpan<const float> gradients, std::string& where);

/// The status of step number `step`, in which `what` is `value`. `where` may be empty.
Status nonfinite_step(std::uint64_t step, const std::string& what, double value,
                      const std::string& where);

}  // namespace gru
