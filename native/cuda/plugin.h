#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "device/device.h"

/// The addon's interface to the CUDA plug-in: one entry point, found by its name in a library that
/// is opened at run time and never closed. Both sides are built from the same sources by compilers
/// with the same C++ ABI, and with the same C++ standard library. `version` checks that sources and
/// library are the same.

#if defined(_LIBCPP_VERSION)
#define GRU_STANDARD_LIBRARY "libc++"
#else
#define GRU_STANDARD_LIBRARY "libstdc++"
#endif

namespace gru::cuda {

/// What a plug-in and an addon must have in common: the version, a hash of the headers between them
/// (cmake/version.cmake), and the library whose strings and vectors they pass to each other.
inline constexpr const char* plugin_version = GRU_PLUGIN_VERSION " " GRU_STANDARD_LIBRARY;

/// The format of the inputs of large matrix products. Sums are always float32.
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
  /// plugin_version of the plug-in's build. The addon does not call a plug-in of another version.
  const char* version = nullptr;
  /// Lists the devices by their ordinals, at least one. If there are none, returns a device status
  /// that says why (no driver, a driver too old, no device) and what to do.
  Status (*list_devices)(std::vector<DeviceInfo>& devices) noexcept = nullptr;
  /// Makes a device for one model, with its own stream. Any thread may use or destroy it, but only
  /// one at a time. Fails with a device status if there is no such ordinal, the GPU is too old, or
  /// it does not answer; with a memory status if the GPU's memory is full; with a value status if
  /// it cannot compute in this precision. Each message says what to do.
  Status (*create_device)(const DeviceOptions& options,
                          std::unique_ptr<Device>& device) noexcept = nullptr;
};

/// The name and type of the plug-in's entry point:
/// `extern "C" const gru::cuda::Plugin* gru_cuda_plugin() noexcept`, with default visibility.
inline constexpr const char* plugin_entry_name = "gru_cuda_plugin";
using PluginEntry = const Plugin* (*)() noexcept;

}  // namespace gru::cuda
