#include "cpu/threads/cores.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>

#include "cpu/environment.h"

#if defined(__linux__)
#include <sched.h>
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

unsigned usable_cores() { return std::min(scheduled_cores(), quota_cores()); }

unsigned initial_threads(unsigned maximum) {
  return asked_threads(maximum).value_or(std::min(usable_cores(), maximum));
}

}  // namespace gru::cpu
