#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "binding/array_memory.h"

namespace gru::binding {

/// The arrays of a call that computes later: native copies of its inputs, native memory for
/// its outputs, and references to the JavaScript arrays that receive the outputs at the end. If an
/// allocation fails, it throws std::bad_alloc.
class JobArrays {
 public:
  /// Makes a copy that lives as long as this object. The copy of an empty span is empty.
  template <class T>
  std::span<const T> copy(std::span<const T> from);

  /// Allocates memory for an output. write_back copies it to `array`; `target` is its memory now.
  std::span<float> output(napi_env env, napi_value array, std::span<float> target,
                          const std::string& name);

  /// Makes a Float32Array of zeros for the result of the call (ResultArray).
  std::span<float> create_result(napi_env env, std::size_t count);
  /// All of these arrays, in the order in which they were made.
  std::vector<napi_value> results(napi_env env) const;

  /// Copies all outputs into their arrays, or none of them. Fails with ERR_GRU_TYPE if an array was
  /// detached or has changed its length.
  void write_back(napi_env env) const;

  /// Releases the JavaScript arrays. Must be called before the object is destroyed, while the
  /// environment exists.
  void release(napi_env env) noexcept;

 private:
  struct Output {
    napi_ref array = nullptr;
    std::unique_ptr<float[]> values;
    std::size_t count = 0;
    std::string name;
  };

  std::span<float> target_of(napi_env env, const Output& output) const;

  std::vector<std::unique_ptr<std::byte[]>> copies_;
  std::vector<Output> outputs_;
  std::vector<ResultArray> results_;
};

}  // namespace gru::binding
