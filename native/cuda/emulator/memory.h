#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>

/// The memory of one device: addresses that host code can't follow, because they are open to nobody
/// but while emulated work runs. New memory is filled with NaN, and guards lie between the pieces.

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

  /// Null where not enough is left.
  void* allocate(std::size_t bytes);
  /// False where `memory` isn't the start of a piece.
  bool release(void* memory);
  /// A piece that work which is queued may use until its release, and no other. False where
  /// `memory` isn't the start of a piece, or was given back before.
  bool give_back(void* memory);
  /// Whether [memory, memory + bytes) lies in one piece that wasn't given back.
  bool holds(const void* memory, std::size_t bytes) const;
  /// Whether the address lies in this device's range at all.
  bool owns(const void* address) const;

  /// Opened as often as closed: open while anybody needs it.
  void open();
  void close();
  /// The size of a piece past whose end something was written, or none. Memory must be open.
  /// AddressSanitizer sees it when it happens.
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
  std::size_t extent_ = 0;  // what was in use ever
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

/// A signal handler that says what the host did to whose memory, and leaves other faults to whoever
/// handled them before.
void explain_faults();

}  // namespace gru::emulator
