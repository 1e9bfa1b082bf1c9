#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cuda/plugin.h"
#include "device/device.h"

/// Which device a name means. The only file of the binding that knows the devices there are.

namespace gru::binding {

/// A device as JavaScript asks for it.
struct DeviceRequest {
  /// 'cpu', 'cuda' and 'cuda:N', or 'auto' (the first GPU, where there is one and it works, else
  /// the CPU). In test builds also 'cuda-emulated' and 'cuda-emulated:N'.
  std::string name;
  cuda::Precision precision = cuda::Precision::float32;
  /// What messages call the name.
  std::string argument = "device";
};

struct ChosenDevice {
  std::string name;  ///< 'cpu', 'cuda:N' or 'cuda-emulated:N'
  std::unique_ptr<Device> device;
};

/// A device that is not there is a device status, and any other name a value status, as is a
/// precision that the device does not have.
Status create_device(const DeviceRequest& request, ChosenDevice& chosen);

/// The GPUs there are, or a device status that says why there are none.
Status list_cuda_devices(std::vector<cuda::DeviceInfo>& devices);

}  // namespace gru::binding
