#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "device/device.h"

/// What the addon knows of the CUDA plug-in: one entry point, found by its name in a library that
/// is opened at run time and never closed. Both sides are built from the same sources by compilers
/// of one C++ ABI, and share the C++ standard library; `version` is how they make sure of the
/// first.

namespace gru::cuda {

/// What the large matrix products multiply; sums are float32 always.
enum class Precision : std::uint8_t {
  float32,   ///< float32
  tf32,      ///< float32 rounded to 10 bits of mantissa
  bfloat16,  ///< float32 rounded to bfloat16
};

struct DeviceOptions {
  std::size_t ordinal = 0;  ///< as in list_devices
  Precision precision = Precision::float32;
};

/// A GPU, as the CUDA runtime describes it.
struct DeviceInfo {
  std::string name;
  std::uint64_t memory = 0;  ///< bytes in all
  int compute_major = 0;     ///< compute capability: major.minor
  int compute_minor = 0;
  int multiprocessors = 0;
};

struct Plugin {
  /// GRU_PLUGIN_VERSION of the plug-in's build. A plug-in of another version is not called.
  const char* version = nullptr;
  /// The devices there are, one at least, by their ordinals; or a device status that says why there
  /// are none (no driver, a driver too old, no device) and what to do about it.
  Status (*list_devices)(std::vector<DeviceInfo>& devices) noexcept = nullptr;
  /// A device for one model, with a stream of its own. It may be used by, and destroyed on, any
  /// thread, one at a time. A device status where there is no such ordinal, where the GPU is too
  /// old, or where it does not answer, each with a remedy; a memory status where its memory is
  /// full; a value status where it can't compute in this precision.
  Status (*create_device)(const DeviceOptions& options,
                          std::unique_ptr<Device>& device) noexcept = nullptr;
};

/// The name and type of the plug-in's entry point:
/// `extern "C" const gru::cuda::Plugin* gru_cuda_plugin() noexcept`, with default visibility.
inline constexpr const char* plugin_entry_name = "gru_cuda_plugin";
using PluginEntry = const Plugin* (*)() noexcept;

}  // namespace gru::cuda
