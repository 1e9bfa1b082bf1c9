#pragma once

#include "binding/entry.h"

namespace gru::binding {

/// `referenceGru(options, parameters, call)`: a ReferenceResult.
napi_value reference_gru(Arguments& arguments);

}  // namespace gru::binding
