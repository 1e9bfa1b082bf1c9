#include "binding/runtime.h"

#include <string>
#include <vector>

#include "binding/devices.h"
#include "binding/values.h"
#include "cpu/cpu_device.h"

namespace gru::binding {

namespace {

constexpr std::uint64_t most_threads = 1024;

Napi::Array strings(Napi::Env env, const std::vector<std::string>& texts) {
  Napi::Array array = Napi::Array::New(env, texts.size());
  std::uint32_t index = 0;
  for (const std::string& text : texts) array.Set(index++, Napi::String::New(env, text));
  return array;
}

Napi::Object cuda_object(Napi::Env env) {
  const CudaRuntime cuda = cuda_runtime();
  Napi::Object object = Napi::Object::New(env);
  object.Set("available", cuda.available);
  object.Set("reason", cuda.reason);
  object.Set("devices", strings(env, cuda.devices));
  return object;
}

}  // namespace

napi_value runtime(Arguments& arguments) {
  const Napi::Env env(arguments.env());
  Napi::Object object = Napi::Object::New(env);
  object.Set("version", GRU_VERSION);
  object.Set("isa", cpu::instruction_set());
  object.Set("isas", strings(env, cpu::instruction_sets()));
  object.Set("threads", cpu::threads());
  object.Set("blas", cpu::blas_name());
  object.Set("cuda", cuda_object(env));
  return object;
}

napi_value set_threads(Arguments& arguments) {
  const std::uint64_t threads =
      read_integer(arguments.env(), arguments[0], "threads", 1, most_threads);
  check(cpu::set_threads(static_cast<unsigned>(threads)));
  return nullptr;
}

}  // namespace gru::binding
