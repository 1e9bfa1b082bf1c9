#pragma once

#include <optional>

namespace gru::cpu {

/// The number of cores that the process may use: its affinity mask, or its control group's quota if
/// that is less. At least 1.
unsigned usable_cores();

/// How many threads compute.
struct ThreadCount {
  unsigned count = 1;
  /// Somebody asked for this number: a region uses it also where other processes use the cores.
  bool is_chosen = false;
};
/// GRU_NATIVE_THREADS if it is a number from 1 to `maximum`, otherwise usable_cores().
ThreadCount initial_threads(unsigned maximum);

/// The cores of the machine minus the threads that run or are ready to run at this moment. Nothing
/// if the system does not tell. Takes about a microsecond.
std::optional<long> idle_cores();

/// The system's number of a thread, or 0 if it has none.
using ThreadId = long;
ThreadId current_thread();
/// Whether a thread of this process runs or is ready to run. Takes some microseconds.
bool is_running(ThreadId thread);

}  // namespace gru::cpu
