#pragma once

#include "base/graph_options.h"
#include "layers/layer.h"

namespace gru {

/// Refuses a loss that an output of that shape cannot have: the number of its weights or values
/// does not fit, or it predicts once where the loss needs every step. Messages begin with what they
/// call the output.
Status check_output(const OutputOptions& output, const EdgeShape& shape);

}  // namespace gru
