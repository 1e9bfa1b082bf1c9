#include "binding/job_arrays.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
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
  outputs_.push_back(std::move(output));
  check_call(napi_create_reference(env, array, 1, &outputs_.back().array));
  return values;
}

std::span<float> JobArrays::create_result(napi_env env, std::size_t count) {
  void* memory = nullptr;
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  // V8 ends the process if it gets no memory for an ArrayBuffer. This fails instead. It is volatile
  // since a compiler may leave out memory that nobody uses.
  void* volatile room = ::operator new(count * sizeof(float));
  ::operator delete(room);
  check_call(napi_create_arraybuffer(env, count * sizeof(float), &memory, &buffer));
  check_call(napi_create_typedarray(env, napi_float32_array, count, buffer, 0, &array));
  results_.push_back(nullptr);
  check_call(napi_create_reference(env, array, 1, &results_.back()));
  return {static_cast<float*>(memory), count};
}

std::vector<napi_value> JobArrays::results(napi_env env) const {
  std::vector<napi_value> arrays;
  for (const napi_ref result : results_) {
    arrays.push_back(nullptr);
    check_call(napi_get_reference_value(env, result, &arrays.back()));
  }
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
  for (const napi_ref result : std::exchange(results_, {})) {
    if (result != nullptr) napi_delete_reference(env, result);
  }
}

}  // namespace gru::binding
