#include "cpu/threads/cores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "cpu/environment.h"

#if defined(__linux__)
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace gru::cpu {

namespace {

unsigned scheduled_cores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  }
#endif
  return std::max(1U, std::thread::hardware_concurrency());
}

unsigned cores_of_quota(double quota, double period) {
  if (!(quota > 0 && period > 0)) return ~0U;
  return static_cast<unsigned>(std::clamp(std::ceil(quota / period), 1.0, 1e6));
}

/// cgroup v2 has "quota period" or "max period" in one file; v1 has each in a separate file.
unsigned quota_cores() {
  double quota = 0;
  double period = 0;
  if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2 >> quota >> period) {
    return cores_of_quota(quota, period);
  }
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (v1_quota >> quota && v1_period >> period) return cores_of_quota(quota, period);
  return ~0U;
}

}  // namespace

std::optional<long> idle_cores() {
#if defined(__linux__)
  // "0.20 0.18 0.12 2/345 6789": two threads run or are ready to run.
  static const int file = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
  static const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  std::array<char, 64> text{};
  long running = 0;
  if (file < 0 || pread(file, text.data(), text.size() - 1, 0) <= 0) return {};
  if (std::sscanf(text.data(), "%*s %*s %*s %ld/", &running) != 1 || running < 1) return {};
  return cores - running;
#else
  return {};
#endif
}

ThreadId current_thread() {
#if defined(__linux__)
  static thread_local const ThreadId id = syscall(SYS_gettid);
  return id;
#else
  return 0;
#endif
}

bool is_running(ThreadId thread) {
#if defined(__linux__)
  // A region asks this, and its callers do not expect exceptions: so nothing is allocated.
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/task/%ld/stat", thread);
  const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  // "123 (name) R ...": the name has up to 15 characters of any kind.
  std::array<char, 64> text{};
  const auto length = read(file, text.data(), text.size());
  close(file);
  const std::string_view start(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  const std::size_t name_end = start.rfind(") ");
  return name_end != std::string_view::npos && start.substr(name_end, 3) == ") R";
#else
  return thread != 0;
#endif
}

unsigned usable_cores() { return std::min(scheduled_cores(), quota_cores()); }

ThreadCount initial_threads(unsigned maximum) {
  if (const auto asked = asked_threads(maximum)) return {*asked, true};
  return {std::min(usable_cores(), maximum), false};
}

}  // namespace gru::cpu
