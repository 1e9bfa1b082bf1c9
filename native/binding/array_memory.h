#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>
#include <span>

/// The memory of JavaScript arrays. Two files implement this header, and a build takes one of them:
/// array_memory.cc for Node, where native code uses the arrays in place, and
/// wasm/array_memory.cc for WebAssembly, which cannot reach JavaScript's memory and copies.

namespace gru::binding {

struct TypedArray {
  napi_typedarray_type type = napi_int8_array;
  std::size_t length = 0;
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  void* memory = nullptr;  ///< null in WebAssembly
};

/// Whether `value` is a typed array; runs no JavaScript code.
bool read_typed_array(napi_env env, napi_value value, TypedArray& array) noexcept;

/// The arrays that native code opens during a call are open until the call's scope ends. Scopes of
/// one thread are nested.
class ArrayScope {
 public:
  ArrayScope() noexcept;
  ~ArrayScope();
  ArrayScope(const ArrayScope&) = delete;
  ArrayScope& operator=(const ArrayScope&) = delete;

 private:
  [[maybe_unused]] std::size_t first_;  ///< of the arrays that are copied for this scope
};

/// The elements of an array of `bytes` bytes, until the innermost scope ends. `open_to_read` gives
/// elements that the caller must not write.
const void* open_to_read(napi_env env, const TypedArray& array, std::size_t bytes);
void* open_to_write(napi_env env, const TypedArray& array, std::size_t bytes);
/// Closes an array that open_to_write opened and that is not written through that memory after all.
void close_unwritten(const void* memory) noexcept;

/// A new typed array with a copy of `values`, which are `count` elements of this type.
napi_value make_typed_array(napi_env env, napi_typedarray_type type, std::size_t count,
                            std::span<const std::byte> values);

/// A new Float32Array, which JavaScript does not know before `array` is called: until then any
/// thread may write its elements.
class ResultArray {
 public:
  /// All elements are 0. Throws std::bad_alloc if there is no memory.
  ResultArray(napi_env env, std::size_t count);
  ResultArray(ResultArray&&) noexcept;
  ~ResultArray();

  std::span<float> values() const { return values_; }
  napi_value array(napi_env env) const;
  /// Must be called before the object is destroyed, while the environment exists.
  void release(napi_env env) noexcept;

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
  std::span<float> values_;
};

}  // namespace gru::binding
