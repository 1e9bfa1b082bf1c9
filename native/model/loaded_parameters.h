#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "layers/parameter_store.h"

namespace gru {

/// Which version of the parameters the layers have. Several threads may ask at the same time, while
/// nothing changes the parameters.
class LoadedParameters {
 public:
  /// Draws the initial parameters if they are still needed, and calls load() if the layers have
  /// another version.
  template <class Load>
  Status ensure(ParameterStore& store, Device& device, const Load& load) {
    if (holds(store)) return {};
    const std::lock_guard lock(mutex_);
    if (holds(store)) return {};
    GRU_RETURN_IF_ERROR(store.draw(device));
    GRU_RETURN_IF_ERROR(load());
    version_.store(store.version(), std::memory_order_release);
    return {};
  }
  /// The layers have other values: the next call loads the parameters again.
  void forget() { version_.store(0, std::memory_order_relaxed); }

 private:
  /// Version 0 is that of parameters that are still to be drawn.
  bool holds(const ParameterStore& store) const {
    const std::uint64_t version = version_.load(std::memory_order_acquire);
    return version != 0 && version == store.version();
  }

  std::mutex mutex_;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace gru
