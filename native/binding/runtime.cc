#include "binding/runtime.h"

#include <atomic>
#include <string>
#include <vector>

#include "binding/devices.h"
#include "binding/values.h"
#include "cpu/cpu_device.h"

namespace gru::binding {

namespace {

Napi::Array strings(Napi::Env env, const std::vector<std::string>& texts) {
  Napi::Array array = Napi::Array::New(env, texts.size());
  std::uint32_t index = 0;
  for (const std::string& text : texts) array.Set(index++, Napi::String::New(env, text));
  return array;
}

Napi::Object cuda_device(Napi::Env env, std::size_t ordinal, const cuda::DeviceInfo& info) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("device", "cuda:" + std::to_string(ordinal));
  object.Set("name", info.name);
  object.Set("memory", static_cast<double>(info.memory));
  object.Set("computeCapability",
             std::to_string(info.compute_major) + "." + std::to_string(info.compute_minor));
  object.Set("multiprocessors", info.multiprocessors);
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
  return object;
}

napi_value cuda_runtime(Arguments& arguments) {
  const Napi::Env env(arguments.env());
  std::vector<cuda::DeviceInfo> found;
  const Status status = list_cuda_devices(found);
  Napi::Array devices = Napi::Array::New(env, found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    devices.Set(static_cast<std::uint32_t>(i), cuda_device(env, i, found[i]));
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("available", status.is_ok());
  object.Set("reason", status.message());
  object.Set("devices", devices);
  return object;
}

napi_value take_ignored_variables(Arguments& arguments) {
  static std::atomic_flag taken;
  const Napi::Env env(arguments.env());
  Napi::Array array = Napi::Array::New(env);
  if (taken.test_and_set()) return array;
  for (const cpu::IgnoredVariable& ignored : cpu::ignored_variables()) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("variable", ignored.variable);
    object.Set("value", ignored.value);
    object.Set("expected", ignored.expected);
    object.Set("used", ignored.used);
    array.Set(array.Length(), object);
  }
  return array;
}

napi_value set_threads(Arguments& arguments) {
  const std::uint64_t threads =
      read_integer(arguments.env(), arguments[0], "threads", 1, cpu::max_threads);
  check(cpu::set_threads(static_cast<unsigned>(threads)));
  return nullptr;
}

}  // namespace gru::binding
