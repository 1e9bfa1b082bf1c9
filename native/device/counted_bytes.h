#pragma once

#include <cstddef>
#include <utility>

#include "device/device.h"

namespace gru {

/// Bytes of the host's memory that an object holds beside its Buffers. The device counts them, so
/// that they are in Device::held_bytes. The device must outlive this object.
class CountedBytes {
 public:
  CountedBytes() = default;
  CountedBytes(CountedBytes&& other) noexcept { swap(other); }
  CountedBytes& operator=(CountedBytes&& other) noexcept {
    CountedBytes(std::move(other)).swap(*this);
    return *this;
  }
  ~CountedBytes() {
    if (device_ != nullptr) device_->count_host_bytes(bytes_, 0);
  }

  /// Replaces the bytes that were counted before.
  void set(Device& device, std::size_t bytes) noexcept {
    device.count_host_bytes(bytes_, bytes);
    device_ = &device;
    bytes_ = bytes;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  void swap(CountedBytes& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(bytes_, other.bytes_);
  }

  Device* device_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace gru
