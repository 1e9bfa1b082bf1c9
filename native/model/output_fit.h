#pragma once

#include "base/graph_options.h"
#include "layers/layer.h"

namespace gru {

/// Refuses a loss that an output of that shape cannot have: the number of weights or values does
/// not fit, or the output has one row for each sequence and the loss needs every step. Messages
/// begin with the output's name in messages.
Status check_output(const OutputOptions& output, const EdgeShape& shape);

}  // namespace gru
