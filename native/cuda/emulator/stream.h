#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "runtime_types.h"

/// Streams run their work when a caller waits for it, in the caller's thread.

namespace gru::emulator {

class Device;
class Stream;

/// A position in a stream's order of work.
struct Ticket {
  std::shared_ptr<Stream> stream;
  std::uint64_t number = 0;
};

class Stream {
 public:
  Stream(Device& device, bool blocking) : device_(device), blocking_(blocking) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Device& device() const { return device_; }
  /// Whether the stream and the default stream wait for each other.
  bool blocking() const { return blocking_; }

  std::uint64_t queued() const;
  std::uint64_t pending() const;
  /// Whether any of the pending operations releases something.
  bool has_releases() const;
  bool done(std::uint64_t number) const;

  /// Queues work of `device`. It runs while the device's memory is open.
  std::uint64_t enqueue(std::function<void()> work);
  /// Queues a release, which runs even on a lost device: it frees what the stream no longer uses.
  std::uint64_t enqueue_release(std::function<void()> release);
  void enqueue_wait(Ticket awaited);
  void run_until(std::uint64_t number);
  void run_all() { run_until(queued()); }
  void run_one();

 private:
  struct Operation {
    std::function<void()> work;
    std::function<void()> release;
    Ticket awaited;
  };
  void run_front(std::unique_lock<std::mutex>& lock);

  Device& device_;
  const bool blocking_;
  std::deque<Operation> operations_;
  std::uint64_t queued_ = 0;
  std::uint64_t done_ = 0;
  std::size_t releases_ = 0;
  bool running_ = false;
};

}  // namespace gru::emulator

struct CUstream_st {
  std::shared_ptr<gru::emulator::Stream> stream;
};
