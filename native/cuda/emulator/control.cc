#include "control.h"

#include <cstdlib>

#include "fatal.h"
#include "state.h"

namespace gru::emulator {
namespace {

const char* variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr || *value == 0 ? nullptr : value;
}

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* const value = variable(name);
  if (value == nullptr) return otherwise;
  char* end = nullptr;
  const std::uint64_t number = std::strtoull(value, &end, 10);
  if (*end != 0) fatal("%s: expected a number, got '%s'", name, value);
  return number;
}

void read_order(Settings& settings) {
  const char* const order = variable("GRU_CUDA_EMULATED_ORDER");
  settings.seed = number("GRU_CUDA_EMULATED_SEED", 0);
  const std::string name = order != nullptr                     ? order
                           : variable("GRU_CUDA_EMULATED_SEED") ? "shuffle"
                                                                : "forward";
  if (name == "forward") {
    settings.order = ThreadOrder::forward;
  } else if (name == "reverse") {
    settings.order = ThreadOrder::reverse;
  } else if (name == "shuffle") {
    settings.order = ThreadOrder::shuffle;
  } else {
    fatal("GRU_CUDA_EMULATED_ORDER: expected forward, reverse or shuffle, got '%s'", name.c_str());
  }
}

void read_fault(Settings& settings) {
  const char* const value = variable("GRU_CUDA_EMULATED_FAULT");
  if (value == nullptr) return;
  const std::string text = value;
  const std::size_t first = text.find(':');
  const std::size_t second = text.find(':', first + 1);
  if (second == std::string::npos) {
    fatal("GRU_CUDA_EMULATED_FAULT: expected function:n:error, got '%s'", value);
  }
  settings.fault_function = text.substr(0, first);
  settings.fault_in = static_cast<unsigned>(std::strtoul(value + first + 1, nullptr, 10));
  settings.fault = error_of_name(text.substr(second + 1));
}

}  // namespace

Settings settings_of_environment() {
  Settings settings;
  settings.devices = static_cast<int>(number("GRU_CUDA_EMULATED_DEVICES", 2));
  settings.properties.memory = number("GRU_CUDA_EMULATED_MEMORY", settings.properties.memory);
  if (settings.devices > kMaxDevices) {
    fatal("GRU_CUDA_EMULATED_DEVICES: expected at most %d, got %d", kMaxDevices, settings.devices);
  }
  read_order(settings);
  read_fault(settings);
  return settings;
}

void reset() {
  for (int i = 0; i < kMaxDevices; ++i) state().device(i).run_all();
  state().change([](Settings& settings) { settings = Settings(); });
  set_properties(Properties());
  for (int i = 0; i < kMaxDevices; ++i) state().device(i).lose(cudaSuccess);
  const std::lock_guard lock(state().mutex());
  state().totals = Counts();
}

void set_devices(int count) {
  if (count < 0 || count > kMaxDevices) fatal("%d devices: at most %d", count, kMaxDevices);
  state().change([=](Settings& settings) { settings.devices = count; });
}

void set_properties(const Properties& properties) {
  state().change([&](Settings& settings) { settings.properties = properties; });
  for (int i = 0; i < kMaxDevices; ++i) state().device(i).memory().set_capacity(properties.memory);
}

void set_driver_error(cudaError_t error) {
  state().change([=](Settings& settings) { settings.driver_error = error; });
}

void remove_driver() {
  state().change([](Settings& settings) { settings.has_driver = false; });
}

void set_thread_order(ThreadOrder order, std::uint64_t seed) {
  state().change([=](Settings& settings) {
    settings.order = order;
    settings.seed = seed;
  });
}

void set_workers(unsigned count) {
  state().change([=](Settings& settings) { settings.workers = count; });
}

void fail_call(const char* function, unsigned n, cudaError_t error) {
  state().change([=](Settings& settings) {
    settings.fault_function = function == nullptr ? "" : function;
    settings.fault_in = n;
    settings.fault = error;
  });
}

void lose_device(int device, cudaError_t error) { state().device(device).lose(error); }

Counts counts() {
  State& all = state();
  // Each device has its own lock. It must be taken before the common lock.
  Counts alive;
  for (int i = 0; i < kMaxDevices; ++i) {
    alive.allocations += all.device(i).memory().pieces();
    alive.bytes += all.device(i).memory().used();
    for (const auto& stream : all.device(i).streams()) alive.pending += stream->pending();
  }
  const std::lock_guard lock(all.mutex());
  Counts counts = all.totals;
  counts.allocations = alive.allocations;
  counts.bytes = alive.bytes;
  counts.pending = alive.pending;
  counts.host_allocations = all.host_memory.size();
  counts.streams = all.streams.size();
  counts.events = all.events.size();
  return counts;
}

}  // namespace gru::emulator
