#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gru::binding {

/// The arrays of a call whose work happens later: native copies of its inputs, native memory for
/// its outputs, and references to the JavaScript arrays that the outputs go to in the end.
/// Allocation failures are std::bad_alloc.
class JobArrays {
 public:
  /// A copy that lives as long as this object. An empty span gives an empty one.
  template <class T>
  std::span<const T> copy(std::span<const T> from);

  /// Memory for an output, to be written back into `array`, whose elements are `target` now.
  std::span<float> output(napi_env env, napi_value array, std::span<float> target,
                          const std::string& name);

  /// Copies all outputs into their arrays, or none: fails with ERR_GRU_TYPE where one was detached
  /// or changed its length since.
  void write_back(napi_env env) const;

  /// Lets go of the JavaScript arrays. To be called before the object is destroyed, while the
  /// environment is there.
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
};

}  // namespace gru::binding
