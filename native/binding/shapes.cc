#include "binding/shapes.h"

#include <cstdint>
#include <limits>
#include <string>

#include "binding/results.h"
#include "binding/values.h"

namespace gru::binding {

namespace {

/// The engine numbers a batch's rows with 32 bits.
constexpr std::size_t most_rows = std::numeric_limits<std::int32_t>::max();

std::string count_of_values(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " value" : " values");
}

void check_count(const char* name, const Shape& shape, std::size_t got) {
  const auto count = shape.count.elements();
  if (count && *count == got) return;
  const std::string expected =
      count ? count_of_values(*count) : "at most " + count_of_values(max_elements);
  refuse("ERR_GRU_SHAPE", name, std::string(shape.formula) + " = " + expected,
         count_of_values(got));
}

void check_rows(const BatchShape& shape, const char* name) {
  const auto rows = CheckedSize(shape.steps) * shape.batch;
  if (rows.is_at_most(most_rows)) return;
  refuse("ERR_GRU_SHAPE", name, "steps*batch = at most " + std::to_string(most_rows),
         std::to_string(shape.steps) + "*" + std::to_string(shape.batch));
}

void check_lengths(const BatchShape& shape, const char* name) {
  for (std::size_t b = 0; b < shape.lengths.size(); ++b) {
    const std::int32_t length = shape.lengths[b];
    if (length >= 0 && static_cast<std::size_t>(length) <= shape.steps) continue;
    refuse_value(std::string(name) + "[" + std::to_string(b) + "]",
                 "an integer from 0 to " + std::to_string(shape.steps), std::to_string(length));
  }
}

}  // namespace

napi_value shape_formulas(napi_env env) {
  return make_object(env, {{"layerInput", make_string(env, formulas::layer_input)},
                           {"layerOutput", make_string(env, formulas::layer_output)},
                           {"layerState", make_string(env, formulas::layer_state)},
                           {"sessionState", make_string(env, formulas::session_state)},
                           {"parameters", make_string(env, formulas::parameters)},
                           {"tokens", make_string(env, formulas::tokens)},
                           {"features", make_string(env, formulas::features)},
                           {"stepValues", make_string(env, formulas::step_values)},
                           {"lastValues", make_string(env, formulas::last_values)}});
}

LayerShapes shapes_of(const RecurrentOptions& options, std::size_t steps, std::size_t batch) {
  const CheckedSize rows = CheckedSize(steps) * batch;
  return {{formulas::layer_input, rows * options.input_size},
          {formulas::layer_output, rows * options.output_size()},
          {formulas::layer_state, CheckedSize(options.num_layers) * options.num_directions() *
                                      batch * options.hidden_size}};
}

Shape input_shape(const Graph& graph, std::size_t input, const BatchShape& batch) {
  const InputOptions& read = graph.options().inputs[input];
  const CheckedSize rows = CheckedSize(batch.steps) * batch.batch;
  return read.tokens ? Shape{formulas::tokens, rows} : Shape{formulas::features, rows * read.size};
}

Shape predictions_shape(const Graph& graph, std::size_t output, const BatchShape& batch) {
  const EdgeShape& written = graph.output_shape(output);
  return written.every == Every::step
             ? Shape{formulas::step_values, CheckedSize(batch.steps) * batch.batch * written.width}
             : Shape{formulas::last_values, CheckedSize(batch.batch) * written.width};
}

Shape state_shape(const Graph& graph, std::size_t state, std::size_t batch) {
  return {formulas::layer_state, graph.states()[state].shape.count(batch)};
}

Shape shape_of(const ParameterLayout& layout) { return {formulas::parameters, layout.count()}; }

template <class T>
std::span<T> read_tensor(napi_env env, napi_value value, const char* name, const Shape& shape) {
  const std::span<T> elements = read_array<T>(env, value, name);
  check_count(name, shape, elements.size());
  return elements;
}

template <class T>
std::span<T> read_optional_tensor(napi_env env, napi_value value, const char* name,
                                  const Shape& shape) {
  return is_null(env, value) ? std::span<T>() : read_tensor<T>(env, value, name, shape);
}

template std::span<float> read_tensor<float>(napi_env, napi_value, const char*, const Shape&);
template std::span<const float> read_tensor<const float>(napi_env, napi_value, const char*,
                                                         const Shape&);
template std::span<const std::int32_t> read_tensor<const std::int32_t>(napi_env, napi_value,
                                                                       const char*, const Shape&);
template std::span<float> read_optional_tensor<float>(napi_env, napi_value, const char*,
                                                      const Shape&);
template std::span<const std::int32_t> read_optional_tensor<const std::int32_t>(napi_env,
                                                                                napi_value,
                                                                                const char*,
                                                                                const Shape&);
template std::span<const float> read_optional_tensor<const float>(napi_env, napi_value, const char*,
                                                                  const Shape&);

BatchShape read_batch_shape(napi_env env, const GivenBatchShape& given) {
  BatchShape shape;
  shape.steps = read_size(env, given.steps, "steps", 1, max_extent);
  shape.batch = read_size(env, given.batch, "batch", 1, max_extent);
  check_rows(shape, given.values_name);
  shape.lengths = read_optional_tensor<const std::int32_t>(env, given.lengths, given.lengths_name,
                                                           {formulas::lengths, shape.batch});
  check_lengths(shape, given.lengths_name);
  return shape;
}

BatchShape read_batch_shape(const Arguments& arguments) {
  return read_batch_shape(arguments.env(), {arguments[0], arguments[1], arguments[2]});
}

}  // namespace gru::binding
