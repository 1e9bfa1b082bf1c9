#include "binding/devices.h"

#include <algorithm>

#include "cpu/cpu_device.h"

namespace gru::binding {

namespace {

/// 'cuda' or 'cuda:' and a number.
bool names_cuda(const std::string& name) {
  if (name == "cuda") return true;
  if (!name.starts_with("cuda:") || name.size() == 5) return false;
  return std::all_of(name.begin() + 5, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Status create_device(const std::string& name, std::unique_ptr<Device>& device) {
  if (name == "cpu" || name == "auto") return cpu::create_device(device);
  if (names_cuda(name)) {
    return Status::device("device: expected 'cpu', got '" + name + "': " + cuda_runtime().reason);
  }
  return Status::value("device: expected 'auto', 'cpu', 'cuda' or 'cuda:N', got '" + name + "'");
}

CudaRuntime cuda_runtime() { return {false, "this build has no CUDA device", {}}; }

}  // namespace gru::binding
