#pragma once

#include <memory>
#include <string>
#include <vector>

#include "device/device.h"

namespace gru::cpu {

/// A device that computes on the processor's cores. Its operations may be called from any one
/// thread at a time; floating-point modes are as before when they return.
Status create_device(std::unique_ptr<Device>& device) noexcept;

/// Instruction set of the kernels in use: the best one that the machine runs, or the one that the
/// environment variable GRU_NATIVE_ISA names (where the machine can't run it, ignored_variables
/// says so).
std::string instruction_set();
/// Every instruction set that was built and that this machine runs, best first.
std::vector<std::string> instruction_sets();
/// Name of the BLAS in use, or "none": none was linked, or the own tiles are the faster choice
/// (they are with every instruction set but "baseline"). GRU_NATIVE_BLAS=on or off decides
/// otherwise.
std::string blas_name();

/// Threads that compute, the caller's among them: the cores that the process may use, or
/// GRU_NATIVE_THREADS, or what set_threads said last.
unsigned threads();
/// 1 to max_threads.
Status set_threads(unsigned count) noexcept;
inline constexpr unsigned max_threads = 1024;

/// A variable of the environment whose value cannot be followed.
struct IgnoredVariable {
  const char* variable;
  std::string value;
  std::string expected;  ///< in words
  std::string used;      ///< what is in use in its place
};
/// Those that have been read for the functions above. Asked before set_threads is called.
std::vector<IgnoredVariable> ignored_variables();

}  // namespace gru::cpu
