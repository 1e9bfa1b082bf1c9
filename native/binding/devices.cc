#include "binding/devices.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "binding/cuda_plugin.h"
#include "cpu/cpu_device.h"

namespace gru::binding {

namespace {

constexpr const char* cuda_name = "cuda";
constexpr const char* emulated_name = "cuda-emulated";

/// The N of 'KIND:N', 0 for 'KIND', no value if `name` has another form.
std::optional<std::size_t> ordinal_of(std::string_view name, std::string_view kind) {
  if (!name.starts_with(kind)) return {};
  name.remove_prefix(kind.size());
  if (name.empty()) return 0;
  if (name.size() == 1 || name.front() != ':') return {};
  name.remove_prefix(1);
  std::size_t ordinal = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data(), end, ordinal);
  if (error != std::errc() || rest != end) return {};
  return ordinal;
}

const char* name_of(cuda::Precision precision) {
  switch (precision) {
    case cuda::Precision::tf32:
      return "tf32";
    case cuda::Precision::bfloat16:
      return "bfloat16";
    case cuda::Precision::float32:
      break;
  }
  return "float32";
}

Status create_cpu(const DeviceRequest& request, ChosenDevice& chosen) {
  if (request.precision != cuda::Precision::float32) {
    return Status::value(std::string("precision: expected 'float32' on the CPU, got '") +
                         name_of(request.precision) + "'");
  }
  chosen.name = "cpu";
  return cpu::create_device(chosen.device);
}

Status create_cuda(CudaLibrary library, std::size_t ordinal, const DeviceRequest& request,
                   ChosenDevice& chosen) {
  const cuda::Plugin* plugin = nullptr;
  GRU_RETURN_IF_ERROR(cuda_plugin(library, request.cuda_plugin, plugin));
  const char* const kind = library == CudaLibrary::real ? cuda_name : emulated_name;
  chosen.name = std::string(kind).append(":").append(std::to_string(ordinal));
  return plugin->create_device({ordinal, request.precision}, chosen.device);
}

/// As create_cuda, for a device that the caller named. If it cannot be used, the status says so.
Status create_named_cuda(CudaLibrary library, std::size_t ordinal, const DeviceRequest& request,
                         ChosenDevice& chosen) {
  Status status = create_cuda(library, ordinal, request, chosen);
  if (status.code() != StatusCode::device) return status;
  return Status::device(request.argument + ": expected one that can be used, got '" + request.name +
                        "': " + status.message());
}

Status create_best(const DeviceRequest& request, ChosenDevice& chosen) {
  const Status status = create_cuda(CudaLibrary::real, 0, request, chosen);
  // The CPU replaces a GPU that does not work, but not if the request itself is wrong.
  if (status.is_ok() || status.code() == StatusCode::value) return status;
  return create_cpu(request, chosen);
}

}  // namespace

Status create_device(const DeviceRequest& request, ChosenDevice& chosen) {
  if (request.name == "cpu") return create_cpu(request, chosen);
  if (request.name == "auto") return create_best(request, chosen);
  if (const auto ordinal = ordinal_of(request.name, cuda_name)) {
    return create_named_cuda(CudaLibrary::real, *ordinal, request, chosen);
  }
  if (const auto ordinal = ordinal_of(request.name, emulated_name)) {
    return create_named_cuda(CudaLibrary::emulated, *ordinal, request, chosen);
  }
  return Status::value(request.argument + ": expected 'auto', 'cpu', 'cuda' or 'cuda:N', got '" +
                       request.name + "'");
}

Status list_cuda_devices(const std::string& installed, std::vector<cuda::DeviceInfo>& devices) {
  const cuda::Plugin* plugin = nullptr;
  GRU_RETURN_IF_ERROR(cuda_plugin(CudaLibrary::real, installed, plugin));
  return plugin->list_devices(devices);
}

}  // namespace gru::binding
