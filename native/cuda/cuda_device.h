#pragma once

#include <memory>
#include <vector>

#include "cuda/plugin.h"

namespace gru::cuda {

/// The two functions of the plug-in; plugin.h describes them.
Status list_devices(std::vector<DeviceInfo>& devices) noexcept;
Status create_device(const DeviceOptions& options, std::unique_ptr<Device>& device) noexcept;

}  // namespace gru::cuda
