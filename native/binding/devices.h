#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/device.h"

/// Which device a name means. The only file of the binding that knows the devices there are.

namespace gru::binding {

/// 'cpu', 'auto' (the best one that is there), or 'cuda' and 'cuda:N'. A device that does not exist
/// is a device status, any other name a value status.
Status create_device(const std::string& name, std::unique_ptr<Device>& device);

struct CudaRuntime {
  bool available = false;
  std::string reason;  ///< why it is not available
  std::vector<std::string> devices;
};
CudaRuntime cuda_runtime();

}  // namespace gru::binding
