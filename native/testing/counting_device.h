#pragma once

#include <memory>
#include <utility>

#include "testing/forwarding_device.h"

namespace gru::testing {

/// Counts what is allocated and released.
class CountingDevice final : public ForwardingDevice {
 public:
  struct Counts {
    int allocated = 0;
    int released = 0;
    std::size_t bytes = 0;  ///< allocated and not released
  };

  CountingDevice(std::unique_ptr<Device> device, Counts& counts)
      : ForwardingDevice(std::move(device)), counts_(counts) {}

  Status allocate(std::size_t bytes, void*& memory) override {
    ++counts_.allocated;
    counts_.bytes += bytes;
    return ForwardingDevice::allocate(bytes, memory);
  }
  void release(void* memory, std::size_t bytes) noexcept override {
    ++counts_.released;
    counts_.bytes -= bytes;
    ForwardingDevice::release(memory, bytes);
  }
  /// As on a GPU, so that every staging buffer is used, too.
  bool shares_host_memory() const noexcept override { return false; }

 private:
  Counts& counts_;
};

}  // namespace gru::testing
