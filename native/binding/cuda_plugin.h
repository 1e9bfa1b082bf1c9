#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "cuda/plugin.h"

/// Finds and opens the CUDA plug-ins, which are in the addon's folder or in a package. None is
/// loaded before it is asked for.

namespace gru::binding {

enum class CudaLibrary : std::uint8_t {
  real,      ///< gru_native_cuda.so, built by nvcc
  emulated,  ///< gru_native_cuda_emulated.so: the same sources on the processor, in test builds
};

/// The plug-in. The first call opens it, and it stays open until the process ends. If it does not
/// exist or cannot be used, every call returns the same device status. Any thread may call it.
///
/// @param installed the file of the real plug-in that is opened if none is beside the addon, or
/// empty
Status cuda_plugin(CudaLibrary library, const std::string& installed, const cuda::Plugin*& plugin);

}  // namespace gru::binding
