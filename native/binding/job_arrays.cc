#include "binding/job_arrays.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "binding/values.h"

namespace gru::binding {

template <class T>
std::span<const T> JobArrays::copy(std::span<const T> from) {
  if (from.empty()) return {};
  auto memory = std::make_unique_for_overwrite<std::byte[]>(from.size_bytes());
  std::memcpy(memory.get(), from.data(), from.size_bytes());
  copies_.push_back(std::move(memory));
  return {reinterpret_cast<const T*>(copies_.back().get()), from.size()};
}

template std::span<const float> JobArrays::copy(std::span<const float>);
template std::span<const std::int32_t> JobArrays::copy(std::span<const std::int32_t>);

std::span<float> JobArrays::output(napi_env env, napi_value array, std::span<float> target,
                                   const std::string& name) {
  Output output{nullptr, std::make_unique_for_overwrite<float[]>(target.size()), target.size(),
                name};
  const std::span<float> values(output.values.get(), output.count);
  // A job that is done at once writes the array back before the call ends.
  close_unwritten(target.data());
  outputs_.push_back(std::move(output));
  check_call(napi_create_reference(env, array, 1, &outputs_.back().array));
  return values;
}

std::span<float> JobArrays::create_result(napi_env env, std::size_t count) {
  results_.emplace_back(env, count);
  return results_.back().values();
}

std::vector<napi_value> JobArrays::results(napi_env env) const {
  std::vector<napi_value> arrays;
  for (const ResultArray& result : results_) arrays.push_back(result.array(env));
  return arrays;
}

std::span<float> JobArrays::target_of(napi_env env, const Output& output) const {
  napi_value array = nullptr;
  check_call(napi_get_reference_value(env, output.array, &array));
  const std::span<float> target = read_array<float>(env, array, output.name.c_str());
  if (target.size() == output.count) return target;
  refuse_type(output.name,
              "a Float32Array of " + std::to_string(output.count) + " until the promise settles",
              describe(env, array));
}

void JobArrays::write_back(napi_env env) const {
  std::vector<std::span<float>> targets;
  for (const Output& output : outputs_) targets.push_back(target_of(env, output));
  for (std::size_t i = 0; i < targets.size(); ++i) {
    std::copy_n(outputs_[i].values.get(), outputs_[i].count, targets[i].data());
  }
}

void JobArrays::release(napi_env env) noexcept {
  for (Output& output : outputs_) {
    if (output.array != nullptr) napi_delete_reference(env, output.array);
    output.array = nullptr;
  }
  for (ResultArray& result : results_) result.release(env);
}

}  // namespace gru::binding
