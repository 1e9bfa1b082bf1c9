#include "binding/runtime.h"

#include <atomic>
#include <string>
#include <vector>

#include "binding/devices.h"
#include "binding/results.h"
#include "binding/values.h"
#include "cpu/cpu_device.h"
#include "layers/recurrent_stack.h"

namespace gru::binding {

namespace {

napi_value strings(napi_env env, const std::vector<std::string>& texts) {
  std::vector<napi_value> values;
  for (const std::string& text : texts) values.push_back(make_string(env, text));
  return make_array(env, values);
}

napi_value cuda_device(napi_env env, std::size_t ordinal, const cuda::DeviceInfo& info) {
  const std::string capability =
      std::to_string(info.compute_major) + "." + std::to_string(info.compute_minor);
  return make_object(env, {{"device", make_string(env, "cuda:" + std::to_string(ordinal))},
                           {"name", make_string(env, info.name)},
                           {"memory", make_number(env, static_cast<double>(info.memory))},
                           {"computeCapability", make_string(env, capability)},
                           {"multiprocessors", make_number(env, info.multiprocessors)}});
}

}  // namespace

napi_value runtime(Arguments& arguments) {
  const napi_env env = arguments.env();
  return make_object(env, {{"version", make_string(env, GRU_VERSION)},
                           {"isa", make_string(env, cpu::instruction_set())},
                           {"isas", strings(env, cpu::instruction_sets())},
                           {"threads", make_number(env, cpu::threads())},
                           {"blas", make_string(env, cpu::blas_name())}});
}

napi_value cuda_runtime(Arguments& arguments) {
  const napi_env env = arguments.env();
  std::vector<cuda::DeviceInfo> found;
  const Status status =
      list_cuda_devices(read_string(env, arguments[0], "cudaPlugin", "a file"), found);
  std::vector<napi_value> devices;
  for (std::size_t i = 0; i < found.size(); ++i) devices.push_back(cuda_device(env, i, found[i]));
  return make_object(env, {{"available", make_boolean(env, status.is_ok())},
                           {"reason", make_string(env, status.message())},
                           {"devices", make_array(env, devices)}});
}

napi_value take_ignored_variables(Arguments& arguments) {
  static std::atomic_flag taken;
  const napi_env env = arguments.env();
  std::vector<napi_value> variables;
  if (taken.test_and_set()) return make_array(env, variables);
  for (const cpu::IgnoredVariable& ignored : cpu::ignored_variables()) {
    variables.push_back(make_object(env, {{"variable", make_string(env, ignored.variable)},
                                          {"value", make_string(env, ignored.value)},
                                          {"expected", make_string(env, ignored.expected)},
                                          {"used", make_string(env, ignored.used)}}));
  }
  return make_array(env, variables);
}

napi_value limits(napi_env env) {
  return make_object(env, {{"layerSize", make_number(env, static_cast<double>(max_layer_size))},
                           {"layers", make_number(env, static_cast<double>(max_recurrent_layers))},
                           {"threads", make_number(env, cpu::max_threads)}});
}

napi_value set_threads(Arguments& arguments) {
  const std::uint64_t threads =
      read_integer(arguments.env(), arguments[0], "threads", 1, cpu::max_threads);
  check(cpu::set_threads(static_cast<unsigned>(threads)));
  return nullptr;
}

}  // namespace gru::binding
