#include "binding/reference.h"

#include <vector>

#include "binding/array_memory.h"
#include "binding/options.h"
#include "binding/reference_arrays.h"
#include "binding/results.h"
#include "binding/values.h"
#include "layers/initialization.h"
#include "reference/reference.h"

namespace gru::binding {

namespace {

/// A ReferenceCall, or an LstmReferenceCall for an LSTM, with copies of the arrays: reading an
/// object's properties may run code that changes an array.
struct ReferenceCall {
  std::size_t steps = 0;
  std::size_t batch = 0;
  std::vector<std::int32_t> lengths;
  std::vector<double> input;
  std::vector<double> initial_state;
  std::vector<double> initial_cell;
  std::vector<double> d_output;
  std::vector<double> d_state;
  std::vector<double> d_cell;
  DropoutMask dropout;
};

ReferenceCall read_call(const Napi::Value& value, const RecurrentOptions& options) {
  const Napi::Env env = value.Env();
  if (!value.IsObject()) refuse_type("call", "an object", describe(env, value));
  const Napi::Object object = value.As<Napi::Object>();
  const auto size = [&](const char* key) {
    return read_size(env, object.Get(key), key, 1, max_extent);
  };
  const auto integer = [&](const char* key, std::uint64_t maximum) {
    return read_integer(env, object.Get(key), key, 0, maximum);
  };
  const auto values = [&](const char* key) { return copy_of<double>(env, object.Get(key), key); };
  ReferenceCall call;
  call.steps = size("steps");
  call.batch = size("batch");
  call.lengths = optional_copy_of<std::int32_t>(env, object.Get("lengths"), "lengths");
  call.input = values("input");
  call.initial_state = optional_copy_of<double>(env, object.Get("initialState"), "initialState");
  call.d_output = values("dOutput");
  call.d_state = values("dState");
  if (options.spec().states > 1) {
    call.initial_cell = optional_copy_of<double>(env, object.Get("initialCell"), "initialCell");
    call.d_cell = values("dCell");
  }
  const std::uint64_t pass = integer("pass", max_extent);
  call.dropout = {integer("seed", max_safe_integer), dropout_stream + pass * options.num_layers,
                  options.dropout};
  return call;
}

/// The results of both cells. Those of an LSTM also have the cell state.
napi_value result_of(napi_env env, const RecurrentOptions& options, const ReferencePass& pass,
                     const ReferenceGradients& gradients) {
  std::vector<Property> properties = {
      {"output", float64_array(env, pass.output)},
      {"state", float64_array(env, pass.state)},
      {"dInput", float64_array(env, gradients.input)},
      {"dInitialState", float64_array(env, gradients.initial_state)},
      {"dParameters", float64_array(env, gradients.parameters)}};
  if (options.spec().states > 1) {
    properties.push_back({"cell", float64_array(env, pass.cell)});
    properties.push_back({"dInitialCell", float64_array(env, gradients.initial_cell)});
  }
  return make_object(env, std::span<const Property>(properties));
}

napi_value reference_recurrent(const Arguments& arguments, const RecurrentOptions& options) {
  const Napi::Env env(arguments.env());
  const ReferenceCall call = read_call(Napi::Value(env, arguments[2]), options);
  const std::span<const double> parameters =
      read_array<const double>(env, arguments[1], "parameters");

  ReferencePass pass;
  check(reference_recurrent_forward(options, parameters,
                                    {.steps = call.steps,
                                     .batch = call.batch,
                                     .input = call.input,
                                     .initial_state = call.initial_state,
                                     .initial_cell = call.initial_cell,
                                     .lengths = call.lengths,
                                     .dropout_mask = call.dropout},
                                    pass));
  ReferenceGradients gradients;
  check(reference_recurrent_backward(options, parameters, pass,
                                     {call.d_output, call.d_state, call.d_cell}, gradients));
  return result_of(env, options, pass, gradients);
}

}  // namespace

napi_value float64_array(napi_env env, std::span<const double> values) {
  return make_typed_array(env, napi_float64_array, values.size(), std::as_bytes(values));
}

napi_value reference_gru(Arguments& arguments) {
  return reference_recurrent(arguments,
                             read_gru_options(Napi::Value(arguments.env(), arguments[0])));
}

napi_value reference_lstm(Arguments& arguments) {
  return reference_recurrent(arguments,
                             read_lstm_options(Napi::Value(arguments.env(), arguments[0])));
}

}  // namespace gru::binding
