#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cpu/threads/cores.h"
#include "device/device.h"

namespace gru::cpu {

/// Creates a device that computes on the processor's cores. Its operations may be called from any
/// thread, but from only one at a time; memory may be released at any time. They leave the thread's
/// floating-point modes unchanged.
Status create_device(std::unique_ptr<Device>& device) noexcept;

/// The instruction set of the kernels in use: the best one that the machine runs, or the one that
/// the environment variable GRU_NATIVE_ISA names. If the machine can't run that one,
/// ignored_variables says so.
std::string instruction_set();
/// Every instruction set that was built and that this machine runs, best first.
std::vector<std::string> instruction_sets();
/// The name of the BLAS in use, or "none" if no BLAS was linked or the engine's own tiles are used.
/// The own tiles are the default except with the instruction set "baseline", where they are slower.
/// GRU_NATIVE_BLAS=on or off overrides the default.
std::string blas_name();

/// The number of threads that compute, including the caller's: the last value of set_threads, or
/// GRU_NATIVE_THREADS, or else the number of cores that the process may use.
unsigned threads();
/// `count` is from 1 to max_threads.
Status set_threads(unsigned count) noexcept;
inline constexpr unsigned max_threads = 1024;

/// While it lives, the calling thread counts among those that compute at the same time for
/// different callers. They share the threads: with as many of them as threads, each computes alone.
class ComputingThread {
 public:
  /// `caller` is the thread that waits for the results, from current_thread(); 0: none.
  explicit ComputingThread(ThreadId caller = 0);
  ~ComputingThread();
  ComputingThread(const ComputingThread&) = delete;
  ComputingThread& operator=(const ComputingThread&) = delete;

 private:
  ThreadId outer_caller_;  ///< of an object around this one on the same thread
};

/// An environment variable whose value cannot be used.
struct IgnoredVariable {
  const char* variable;
  std::string value;
  std::string expected;  ///< in words
  std::string used;      ///< what is used in its place
};
/// Those among the variables that the functions above read. Must be called before set_threads.
std::vector<IgnoredVariable> ignored_variables();

}  // namespace gru::cpu
