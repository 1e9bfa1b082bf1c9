#include "cuda/plugin.h"

#include "cuda/cuda_device.h"

extern "C" __attribute__((visibility("default"))) const gru::cuda::Plugin*
gru_cuda_plugin() noexcept {
  static constexpr gru::cuda::Plugin plugin{gru::cuda::plugin_version, gru::cuda::list_devices,
                                            gru::cuda::create_device};
  return &plugin;
}
