#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>

/// The memory of one device. The host cannot access its addresses: they are only accessible while
/// emulated work runs. New memory is filled with NaN, and guards are between the pieces.

namespace gru::emulator {

class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory();

  void set_capacity(std::size_t bytes);
  std::size_t capacity() const { return capacity_; }
  std::size_t used() const;
  std::size_t pieces() const;

  /// Returns null if not enough memory is left.
  void* allocate(std::size_t bytes);
  /// Returns false if `memory` is not the start of a piece.
  bool release(void* memory);
  /// Marks a piece as given back: only work that is queued already may use it until its release.
  /// Returns false if `memory` is not the start of a piece or was given back before.
  bool give_back(void* memory);
  /// Whether [memory, memory + bytes) is in one piece that was not given back.
  bool holds(const void* memory, std::size_t bytes) const;
  /// Whether the address is in this device's range.
  bool owns(const void* address) const;

  /// Opens are counted: the memory is accessible until each open() has its close().
  void open();
  void close();
  /// The size of a piece past whose end something was written, if there is one. The memory must be
  /// open. AddressSanitizer reports such a write when it happens.
  std::optional<std::size_t> overrun() const;
  [[noreturn]] void report_access(const void* address) const;

 private:
  void reserve();
  char* place(std::size_t bytes) const;
  void protect(int protection);

  mutable std::mutex mutex_;
  std::map<char*, std::size_t> pieces_;
  std::set<char*> given_back_;
  std::atomic<char*> begin_{nullptr};
  std::size_t reserved_ = 0;
  std::size_t extent_ = 0;  // the largest extent ever in use
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
  unsigned open_ = 0;
};

class OpenMemory {
 public:
  explicit OpenMemory(DeviceMemory& memory) : memory_(memory) { memory_.open(); }
  OpenMemory(const OpenMemory&) = delete;
  OpenMemory& operator=(const OpenMemory&) = delete;
  ~OpenMemory() { memory_.close(); }

 private:
  DeviceMemory& memory_;
};

/// Installs a signal handler that reports which memory the host accessed. It passes other faults to
/// the handler before it.
void explain_faults();

}  // namespace gru::emulator
