#include "binding/array_memory.h"

#include <new>
#include <utility>
#include <vector>

#include "binding/failure.h"

/// JavaScript sees this program's memory, but not the other way round. host.mjs copies.

extern "C" {
/// In bytes.
__attribute__((import_module("gru"), import_name("sizeOfArray"))) double gru_size_of_array(
    napi_value array);
__attribute__((import_module("gru"), import_name("copyFromArray"))) void gru_copy_from_array(
    napi_value array, void* to, std::size_t bytes);
/// Does nothing if the array has no longer this length.
__attribute__((import_module("gru"), import_name("copyToArray"))) void gru_copy_to_array(
    napi_value array, const void* from, std::size_t bytes);
}

namespace gru::binding {

namespace {

struct OpenArray {
  napi_value array;
  std::unique_ptr<std::byte[]> memory;
  std::size_t bytes;
  bool is_written;
};

/// Those of all scopes. The program has one thread.
std::vector<OpenArray>& open_arrays() {
  static std::vector<OpenArray> arrays;
  return arrays;
}

OpenArray& open(const TypedArray& array, std::size_t bytes, bool is_written) {
  // A size of 4 GiB or more has no room in `bytes`.
  if (gru_size_of_array(array.array) != static_cast<double>(bytes)) throw std::bad_alloc();
  OpenArray opened{array.array, std::make_unique_for_overwrite<std::byte[]>(bytes), bytes,
                   is_written};
  gru_copy_from_array(array.array, opened.memory.get(), bytes);
  open_arrays().push_back(std::move(opened));
  return open_arrays().back();
}

}  // namespace

bool read_typed_array(napi_env env, napi_value value, TypedArray& array) noexcept {
  array.array = value;
  return napi_get_typedarray_info(env, value, &array.type, &array.length, nullptr, &array.buffer,
                                  nullptr) == napi_ok;
}

ArrayScope::ArrayScope() noexcept : first_(open_arrays().size()) {}

ArrayScope::~ArrayScope() {
  for (std::vector<OpenArray>& arrays = open_arrays(); arrays.size() > first_; arrays.pop_back()) {
    const OpenArray& last = arrays.back();
    if (last.is_written) gru_copy_to_array(last.array, last.memory.get(), last.bytes);
  }
}

const void* open_to_read(napi_env, const TypedArray& array, std::size_t bytes) {
  return open(array, bytes, false).memory.get();
}

void* open_to_write(napi_env, const TypedArray& array, std::size_t bytes) {
  return open(array, bytes, true).memory.get();
}

void close_unwritten(const void* memory) noexcept {
  for (OpenArray& array : open_arrays()) {
    if (array.memory.get() == memory) array.is_written = false;
  }
}

napi_value make_typed_array(napi_env env, napi_typedarray_type type, std::size_t count,
                            std::span<const std::byte> values) {
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  check_call(napi_create_arraybuffer(env, values.size(), nullptr, &buffer));
  check_call(napi_create_typedarray(env, type, count, buffer, 0, &array));
  gru_copy_to_array(array, values.data(), values.size());
  return array;
}

struct ResultArray::Memory {
  explicit Memory(std::size_t count) : values(std::make_unique<float[]>(count)) {}
  std::unique_ptr<float[]> values;
};

ResultArray::ResultArray(napi_env, std::size_t count)
    : memory_(std::make_unique<Memory>(count)), values_(memory_->values.get(), count) {}
ResultArray::ResultArray(ResultArray&&) noexcept = default;
ResultArray::~ResultArray() = default;

napi_value ResultArray::array(napi_env env) const {
  return make_typed_array(env, napi_float32_array, values_.size(), std::as_bytes(values_));
}

void ResultArray::release(napi_env) noexcept { memory_->values.reset(); }

}  // namespace gru::binding
