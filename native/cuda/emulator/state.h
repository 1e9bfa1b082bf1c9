#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "control.h"
#include "memory.h"
#include "stream.h"

/// The state of the emulated runtime: its devices, what is alive, and what tests have set.

namespace gru::emulator {

inline constexpr int kMaxDevices = 8;

class Device {
 public:
  explicit Device(int number);

  int number() const { return number_; }
  DeviceMemory& memory() { return memory_; }
  const std::shared_ptr<Stream>& default_stream() const { return default_stream_; }

  cudaError_t lost() const { return lost_; }
  void lose(cudaError_t error) { lost_ = error; }

  int dynamic_shared_limit(const void* kernel) const;
  void set_dynamic_shared_limit(const void* kernel, int bytes);

  void add_stream(const std::shared_ptr<Stream>& stream);
  void remove_stream(const std::shared_ptr<Stream>& stream);
  std::vector<std::shared_ptr<Stream>> streams() const;
  /// Runs all work that was queued.
  void run_all();

 private:
  const int number_;
  DeviceMemory memory_;
  std::shared_ptr<Stream> default_stream_;
  std::atomic<cudaError_t> lost_{cudaSuccess};
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Stream>> streams_;
  std::map<const void*, int> dynamic_shared_limits_;
};

struct Settings {
  int devices = 2;
  Properties properties;
  bool has_driver = true;
  cudaError_t driver_error = cudaSuccess;
  ThreadOrder order = ThreadOrder::forward;
  std::uint64_t seed = 0;
  unsigned workers = 2;
  std::string fault_function;  ///< empty: any
  unsigned fault_in = 0;       ///< calls until the fault; 0: no fault
  cudaError_t fault = cudaSuccess;
};

class State {
 public:
  State();

  Device& device(int number) { return *devices_[static_cast<std::size_t>(number)]; }
  /// The device that owns the memory, or null.
  Device* owner(const void* address);

  Settings settings() const;
  template <class Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change(settings_);
  }
  unsigned workers() const { return settings().workers; }

  /// The error that a call of `function` must return before it does anything.
  cudaError_t fault(const char* function);

  // What is alive
  std::map<char*, std::size_t> host_memory;
  std::set<cudaStream_t> streams;
  std::set<cudaEvent_t> events;
  Counts totals;  ///< of the counts that only grow
  std::mutex& mutex() { return mutex_; }

 private:
  mutable std::mutex mutex_;
  Settings settings_;
  std::vector<std::unique_ptr<Device>> devices_;
};

State& state();

/// Whether a GPU is unusable for the process after this error.
bool loses_device(cudaError_t error);
/// The settings from environment variables.
Settings settings_of_environment();
cudaError_t error_of_name(const std::string& name);

}  // namespace gru::emulator
