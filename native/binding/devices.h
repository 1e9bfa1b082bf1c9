#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cuda/plugin.h"
#include "device/device.h"

/// Which device a name means. This is the binding's only file that knows which devices exist.

namespace gru::binding {

/// A device, as JavaScript describes it.
struct DeviceRequest {
  /// 'cpu', 'cuda', 'cuda:N', or 'auto': the first GPU if there is one and it works, otherwise the
  /// CPU. In test builds also 'cuda-emulated' and 'cuda-emulated:N'.
  std::string name;
  cuda::Precision precision = cuda::Precision::float32;
  /// The argument that messages name.
  std::string argument = "device";
  /// The file of the CUDA plug-in that is opened if none is beside the addon, or empty.
  std::string cuda_plugin;
};

struct ChosenDevice {
  std::string name;  ///< 'cpu', 'cuda:N' or 'cuda-emulated:N'
  std::unique_ptr<Device> device;
};

/// Fails with a device status if the device does not exist. Fails with a value status for any other
/// name, and for a precision that the device does not have.
Status create_device(const DeviceRequest& request, ChosenDevice& chosen);

/// Lists the GPUs. Fails with a device status that says why if there are none.
///
/// @param installed as DeviceRequest::cuda_plugin
Status list_cuda_devices(const std::string& installed, std::vector<cuda::DeviceInfo>& devices);

}  // namespace gru::binding
