#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/size.h"
#include "device/device.h"

namespace gru {

/// Device memory that its owner keeps and reuses: `reserve` allocates only if the buffer must grow.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  ~Buffer() {
    if (data_ != nullptr) device_->release(data_, capacity_ * sizeof(T));
  }

  /// Makes room for `count` elements, whose values are then undefined.
  Status reserve(Device& device, CheckedSize count) {
    const auto bytes = (count * sizeof(T)).bytes();
    const auto elements = count.elements();
    if (!bytes || !elements) {
      return Status::memory(std::string("a buffer of more than ") + max_bytes_name +
                            " bytes is needed");
    }
    if (*elements <= capacity_) {
      size_ = *elements;
      return {};
    }
    Buffer grown;
    void* memory = nullptr;
    GRU_RETURN_IF_ERROR(device.allocate(*bytes, memory));
    grown.device_ = &device;
    grown.data_ = static_cast<T*>(memory);
    grown.capacity_ = *elements;
    grown.size_ = *elements;
    swap(grown);
    return {};
  }

  DeviceSpan<T> span() { return {data_, size_}; }
  DeviceSpan<const T> span() const { return {data_, size_}; }
  std::size_t size() const { return size_; }
  /// What it holds, which may be more than its elements need.
  std::size_t bytes() const { return capacity_ * sizeof(T); }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(size_, other.size_);
  }

  Device* device_ = nullptr;
  T* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

/// What some buffers hold together.
template <class... T>
std::size_t bytes_of(const Buffer<T>&... buffers) {
  return (std::size_t{0} + ... + buffers.bytes());
}
template <class T>
std::size_t bytes_of(const std::vector<Buffer<T>>& buffers) {
  std::size_t bytes = 0;
  for (const Buffer<T>& buffer : buffers) bytes += buffer.bytes();
  return bytes;
}

/// Host memory that a device reads: in place if it can, otherwise from a copy in `scratch`.
template <class T>
Status stage_input(Device& device, std::span<const T> host, Buffer<T>& scratch,
                   DeviceSpan<const T>& staged) {
  if (device.shares_host_memory() || host.empty()) {
    staged = {host.data(), host.size()};
    return {};
  }
  GRU_RETURN_IF_ERROR(scratch.reserve(device, host.size()));
  GRU_RETURN_IF_ERROR(device.upload(scratch.span(), host));
  staged = scratch.span();
  return {};
}

/// Host memory that a device writes: in place if it can, otherwise to `scratch`, from where
/// `finish` copies it.
class StagedOutput {
 public:
  Status open(Device& device, std::span<float> host, Buffer<float>& scratch) {
    device_ = &device;
    host_ = host;
    if (device.shares_host_memory() || host.empty()) {
      view_ = {host.data(), host.size()};
      return {};
    }
    GRU_RETURN_IF_ERROR(scratch.reserve(device, host.size()));
    view_ = scratch.span();
    return {};
  }

  DeviceSpan<float> view() const { return view_; }

  Status finish() const {
    if (view_.data() == host_.data() || host_.empty()) return {};
    return device_->download(host_, view_);
  }

 private:
  Device* device_ = nullptr;
  std::span<float> host_;
  DeviceSpan<float> view_;
};

}  // namespace gru
