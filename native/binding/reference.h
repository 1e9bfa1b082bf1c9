#pragma once

#include "binding/entry.h"

namespace gru::binding {

/// `referenceGru(options, parameters, call)`: a ReferenceResult.
napi_value reference_gru(Arguments& arguments);
/// `referenceLstm(options, parameters, call)`: an LstmReferenceResult.
napi_value reference_lstm(Arguments& arguments);
/// `referenceGraph(options, parameters, call)`: a GraphReferenceResult.
napi_value reference_graph(Arguments& arguments);

}  // namespace gru::binding
