#pragma once

#include "base/status.h"
#include "cuda/plugin.h"

/// Finding and opening the CUDA plug-ins, which lie beside the addon. Whoever asks for none loads
/// none.

namespace gru::binding {

enum class CudaLibrary : std::uint8_t {
  real,      ///< gru_native_cuda.so, built by nvcc
  emulated,  ///< gru_native_cuda_emulated.so: the same sources on the processor, in test builds
};

/// The plug-in, opened at the first call and kept open until the process ends. A device status, the
/// same at every call, where it is not there or cannot be used. For any thread.
Status cuda_plugin(CudaLibrary library, const cuda::Plugin*& plugin);

}  // namespace gru::binding
