#pragma once

#include <node_api.h>

#include <cstddef>
#include <span>

#include "base/options.h"
#include "base/rows.h"
#include "base/size.h"
#include "binding/entry.h"
#include "layers/parameter_layout.h"
#include "model/graph.h"

/// The numbers of values in the arrays of a call. These checks keep the engine inside its memory:
/// it trusts the sizes of its spans, and every array passes through `read_tensor`. lib makes the
/// same checks before, with the caller's names in its messages, and gets the formulas from here.

namespace gru::binding {

/// How messages spell out the number of an array's values.
namespace formulas {
inline constexpr const char* lengths = "batch";
inline constexpr const char* layer_input = "steps*batch*inputSize";
inline constexpr const char* layer_output = "steps*batch*D*hiddenSize";
inline constexpr const char* layer_state = "numLayers*D*batch*hiddenSize";
inline constexpr const char* session_state = "batch*stateSize";
inline constexpr const char* parameters = "parameterCount";
inline constexpr const char* tensor = "the tensor's values";
inline constexpr const char* tokens = "steps*batch";
inline constexpr const char* features = "steps*batch*features";
inline constexpr const char* step_values = "steps*batch*size";
inline constexpr const char* last_values = "batch*size";
}  // namespace formulas

/// The formulas for lib: ShapeFormulas.
napi_value shape_formulas(napi_env env);

struct Shape {
  const char* formula;
  CheckedSize count;
};

/// The arrays of a layer, and their gradients.
struct LayerShapes {
  Shape input;
  Shape output;
  Shape state;
};
LayerShapes shapes_of(const RecurrentOptions& options, std::size_t steps, std::size_t batch);

/// The arrays of a model: its input number `input`, and the predictions of its output number
/// `output`. `batch` is of that input, or of one whose rows the output has.
Shape input_shape(const Graph& graph, std::size_t input, const BatchShape& batch);
Shape predictions_shape(const Graph& graph, std::size_t output, const BatchShape& batch);
Shape state_shape(const Graph& graph, std::size_t state, std::size_t batch);

Shape shape_of(const ParameterLayout& layout);

/// The elements of a typed array of that shape, as read_array gives them; ERR_GRU_SHAPE for any
/// other number of them. T: float, const float or const std::int32_t.
template <class T>
std::span<T> read_tensor(napi_env env, napi_value value, const char* name, const Shape& shape);

/// The same; null gives an empty span.
template <class T>
std::span<T> read_optional_tensor(napi_env env, napi_value value, const char* name,
                                  const Shape& shape);

/// The shape of a batch as it was given, and the names of its values and its lengths in messages.
struct GivenBatchShape {
  napi_value steps;
  napi_value batch;
  napi_value lengths;
  const char* values_name = "input";
  const char* lengths_name = "lengths";
};

/// Lengths from 0 to `steps`, and no more rows than the engine can number.
BatchShape read_batch_shape(napi_env env, const GivenBatchShape& given);

/// `steps`, `batch` and `lengths`: the first three arguments of every call of a layer on a batch.
BatchShape read_batch_shape(const Arguments& arguments);

}  // namespace gru::binding
