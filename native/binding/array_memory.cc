#include "binding/array_memory.h"

#include <algorithm>
#include <new>
#include <utility>

#include "binding/failure.h"

namespace gru::binding {

namespace {

struct NewArray {
  napi_value array = nullptr;
  void* memory = nullptr;
};

NewArray make_array_of(napi_env env, napi_typedarray_type type, std::size_t count,
                       std::size_t bytes) {
  NewArray made;
  napi_value buffer = nullptr;
  check_call(napi_create_arraybuffer(env, bytes, &made.memory, &buffer));
  check_call(napi_create_typedarray(env, type, count, buffer, 0, &made.array));
  return made;
}

}  // namespace

bool read_typed_array(napi_env env, napi_value value, TypedArray& array) noexcept {
  array.array = value;
  return napi_get_typedarray_info(env, value, &array.type, &array.length, &array.memory,
                                  &array.buffer, nullptr) == napi_ok;
}

ArrayScope::ArrayScope() noexcept : first_(0) {}
ArrayScope::~ArrayScope() = default;

const void* open_to_read(napi_env, const TypedArray& array, std::size_t) { return array.memory; }
void* open_to_write(napi_env, const TypedArray& array, std::size_t) { return array.memory; }
void close_unwritten(const void*) noexcept {}

napi_value make_typed_array(napi_env env, napi_typedarray_type type, std::size_t count,
                            std::span<const std::byte> values) {
  const NewArray made = make_array_of(env, type, count, values.size());
  std::ranges::copy(values, static_cast<std::byte*>(made.memory));
  return made.array;
}

struct ResultArray::Memory {
  napi_ref array = nullptr;
};

ResultArray::ResultArray(napi_env env, std::size_t count) : memory_(std::make_unique<Memory>()) {
  // V8 ends the process if it gets no memory for an ArrayBuffer. This fails instead. It is volatile
  // since a compiler may leave out memory that nobody uses.
  void* volatile room = ::operator new(count * sizeof(float));
  ::operator delete(room);
  const NewArray made = make_array_of(env, napi_float32_array, count, count * sizeof(float));
  check_call(napi_create_reference(env, made.array, 1, &memory_->array));
  values_ = {static_cast<float*>(made.memory), count};
}

napi_value ResultArray::array(napi_env env) const {
  napi_value array = nullptr;
  check_call(napi_get_reference_value(env, memory_->array, &array));
  return array;
}

ResultArray::ResultArray(ResultArray&&) noexcept = default;
ResultArray::~ResultArray() = default;

void ResultArray::release(napi_env env) noexcept {
  if (memory_->array == nullptr) return;
  napi_delete_reference(env, std::exchange(memory_->array, nullptr));
}

}  // namespace gru::binding
