#include "state.h"

#include <algorithm>
#include <string_view>

#include "fatal.h"

namespace gru::emulator {

Device::Device(int number)
    : number_(number), default_stream_(std::make_shared<Stream>(*this, true)) {}

int Device::dynamic_shared_limit(const void* kernel) const {
  const std::lock_guard lock(mutex_);
  const auto limit = dynamic_shared_limits_.find(kernel);
  if (limit != dynamic_shared_limits_.end()) return limit->second;
  return static_cast<int>(state().settings().properties.shared_per_block);
}

void Device::set_dynamic_shared_limit(const void* kernel, int bytes) {
  const std::lock_guard lock(mutex_);
  dynamic_shared_limits_[kernel] = bytes;
}

void Device::add_stream(const std::shared_ptr<Stream>& stream) {
  const std::lock_guard lock(mutex_);
  streams_.push_back(stream);
}

void Device::remove_stream(const std::shared_ptr<Stream>& stream) {
  const std::lock_guard lock(mutex_);
  streams_.erase(std::find(streams_.begin(), streams_.end(), stream));
}

std::vector<std::shared_ptr<Stream>> Device::streams() const {
  const std::lock_guard lock(mutex_);
  return streams_;
}

void Device::run_all() {
  for (const std::shared_ptr<Stream>& stream : streams()) stream->run_all();
  default_stream_->run_all();
}

State& state() {
  // Never destroyed: threads of the host may outlive the process's static objects.
  static State& state = *new State;
  return state;
}

State::State() : settings_(settings_of_environment()) {
  for (int i = 0; i < kMaxDevices; ++i) {
    devices_.push_back(std::make_unique<Device>(i));
    devices_.back()->memory().set_capacity(settings_.properties.memory);
  }
}

Device* State::owner(const void* address) {
  for (const std::unique_ptr<Device>& device : devices_) {
    if (device->memory().owns(address)) return device.get();
  }
  return nullptr;
}

Settings State::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

cudaError_t State::fault(const char* function) {
  const std::lock_guard lock(mutex_);
  if (!settings_.has_driver && std::string_view(function) != "cudaDriverGetVersion") {
    return cudaErrorInsufficientDriver;
  }
  if (settings_.driver_error != cudaSuccess) return settings_.driver_error;
  const bool counted = settings_.fault_in > 0 &&
                       (settings_.fault_function.empty() || settings_.fault_function == function);
  if (!counted || --settings_.fault_in > 0) return cudaSuccess;
  return settings_.fault;
}

bool loses_device(cudaError_t error) {
  return error == cudaErrorECCUncorrectable || error == cudaErrorDevicesUnavailable ||
         error == cudaErrorUnknown ||
         (error >= cudaErrorIllegalAddress && error <= cudaErrorLaunchFailure &&
          error != cudaErrorLaunchOutOfResources);
}

}  // namespace gru::emulator
