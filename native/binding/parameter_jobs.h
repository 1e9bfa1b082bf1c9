#pragma once

#include <memory>
#include <string>
#include <vector>

#include "binding/option_reader.h"
#include "binding/shared_native.h"
#include "layers/parameter_store.h"

/// The promise calls that copy the parameters of a RecurrentModule or a Model. The copies are made
/// on the engine's threads, at the call's turn.

namespace gru::binding {

template <class T>
std::unique_ptr<PromiseJob> create_parameter_job(const SharedNative<T>& shared,
                                                 const Arguments& arguments) {
  std::string call = read_string(arguments.env(), arguments[0], "call", "a string");
  return std::make_unique<PromiseJob>(arguments.surface(), std::move(call), shared.queue(),
                                      nullptr);
}

/// Two arguments: `offset` and `source`, a part of an array of `count` values, in place.
inline ParameterPart<const float> read_part(const Arguments& arguments, std::size_t first,
                                            std::size_t count) {
  const napi_env env = arguments.env();
  const std::size_t offset = read_size(env, arguments[first], "offset", 0, count);
  const std::span<const float> values =
      read_array<const float>(env, arguments[first + 1], "source");
  if (values.size() <= count - offset) return {offset, values};
  refuse_value("source", "at most " + std::to_string(count - offset) + " values",
               std::to_string(values.size()));
}

/// Where each tensor begins in an array of `count` values.
inline std::vector<std::size_t> read_positions(napi_env env, napi_value value,
                                               const ParameterLayout& layout, std::size_t count) {
  const std::vector<ParameterSpec>& specs = layout.specs();
  std::vector<std::size_t> positions;
  read_list(env, value, "positions", [&](napi_value position) {
    const std::size_t size = positions.size() < specs.size() ? specs[positions.size()].count : 0;
    if (size > count) refuse_value("count", "room for every tensor", std::to_string(count));
    positions.push_back(read_size(env, position, "positions", 0, count - size));
  });
  if (positions.size() == specs.size()) return positions;
  refuse_value("positions", "an Array of " + std::to_string(specs.size()),
               "an Array of " + std::to_string(positions.size()));
}

/// `readParameters(call, count, positions)`
template <class T>
napi_value start_reading_parameters(SharedNative<T>& shared, const Arguments& arguments) {
  const napi_env env = arguments.env();
  const std::size_t count = read_size(env, arguments[1], "count", 0, max_elements);
  const std::shared_ptr<T> object = shared.object();
  const ParameterLayout& layout = object->layout();
  const std::vector<std::size_t> positions = read_positions(env, arguments[2], layout, count);
  std::unique_ptr<PromiseJob> job = create_parameter_job(shared, arguments);
  const std::span<float> result = job->arrays.create_result(env, count);
  std::vector<ParameterPart<float>> parts;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const ParameterSpec& spec = layout.specs()[i];
    parts.push_back({spec.offset, result.subspan(positions[i], spec.count)});
  }
  job->work = [object, parts] { return object->read_parameters(parts); };
  job->result = [arrays = &job->arrays](Surface& surface) {
    return arrays->results(surface.env())[0];
  };
  return shared.start(std::move(job));
}

/// `writeParameters(call, tensors)`
template <class T>
napi_value start_writing_parameters(SharedNative<T>& shared, const Arguments& arguments) {
  const napi_env env = arguments.env();
  std::vector<napi_value> tensors;
  read_list(env, arguments[1], "tensors", [&](napi_value tensor) { tensors.push_back(tensor); });
  const std::shared_ptr<T> object = shared.object();
  const std::vector<ParameterSpec>& specs = object->layout().specs();
  if (tensors.size() != specs.size()) {
    refuse_value("tensors", "an Array of " + std::to_string(specs.size()),
                 "an Array of " + std::to_string(tensors.size()));
  }
  std::unique_ptr<PromiseJob> job = create_parameter_job(shared, arguments);
  std::vector<ParameterPart<const float>> parts;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const std::span<const float> values = read_optional_tensor<const float>(
        env, tensors[i], specs[i].name.c_str(), {formulas::tensor, specs[i].count});
    if (!values.empty()) parts.push_back({specs[i].offset, job->arrays.copy(values)});
  }
  job->work = [object, parts] { return object->write_parameters(parts); };
  return shared.start(std::move(job));
}

}  // namespace gru::binding
