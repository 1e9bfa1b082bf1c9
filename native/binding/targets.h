#pragma once

#include <node_api.h>

#include "binding/shapes.h"
#include "train/output_loss.h"

/// The type and shape of the targets of a model's outputs, and the formulas of the shape in
/// messages. lib gets them from the description of the graph.

namespace gru::binding {

/// A target as a call gave it: an array, or an object with labels and their lengths.
struct GivenTarget {
  napi_value value = nullptr;
  napi_value labels = nullptr;  ///< both are null if the value is an array or no object
  napi_value lengths = nullptr;
};

/// Reads the properties of an object. Runs its getters if it has any.
GivenTarget read_given_target(napi_env env, napi_value value);

/// The target of output number `output`, in place. `batch` is of an input whose rows the output
/// has.
Target read_target(napi_env env, const GivenTarget& given, const Graph& graph, std::size_t output,
                   const BatchShape& batch);

/// NativeTargetForm: the targets of output number `output`.
napi_value describe_target(napi_env env, const Graph& graph, std::size_t output);

}  // namespace gru::binding
