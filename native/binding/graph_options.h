#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "base/graph_options.h"
#include "binding/entry.h"

/// Reading a description of a graph, and describing the graph that it makes.

namespace gru::binding {

/// The names of the arrays of a model's calls in messages.
struct InputNames {
  std::string values;
  std::string lengths;
};
struct ModelNames {
  std::vector<InputNames> inputs;
  std::vector<std::string> predictions;  ///< of each output
};

/// A NativeGraphOptions.
struct ModelOptions {
  GraphOptions graph;
  ModelNames names;
  std::vector<const char*> layer_types;  ///< `type` of each layer of the graph
};

/// Runs the getters of the description. The engine checks how layers and inputs fit together.
ModelOptions read_model_options(Napi::Value value);

/// `describeGraph(options)`: a NativeGraphDescription; no model is made.
napi_value describe_graph(Arguments& arguments);

}  // namespace gru::binding
