#pragma once

#include <node_api.h>

#include "binding/shapes.h"
#include "train/output_loss.h"

/// What the targets of a model's outputs look like: their type, their shape and how messages spell
/// it out. lib learns it from the description of the graph.

namespace gru::binding {

/// A target as a call gave it: an array, or an object with labels and their lengths.
struct GivenTarget {
  napi_value value = nullptr;
  napi_value labels = nullptr;  ///< null, both, where the value is no object with properties
  napi_value lengths = nullptr;
};

/// Reads the properties of an object: runs its getters, where it has any.
GivenTarget read_given_target(napi_env env, napi_value value);

/// The target of output number `output`, in place. `batch` is of an input whose rows the output
/// has.
Target read_target(napi_env env, const GivenTarget& given, const Graph& graph, std::size_t output,
                   const BatchShape& batch);

/// NativeTarget: what the targets of an output are.
napi_value describe_target(napi_env env, const Graph& graph, std::size_t output);

}  // namespace gru::binding
