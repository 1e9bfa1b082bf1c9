#pragma once

#include <cstddef>

#include "base/status.h"

namespace gru::cuda {

/// The properties of a GPU that decide which kernels run on it, and with how many blocks.
struct Limits {
  int multiprocessors = 0;
  int compute_major = 0;
  int compute_minor = 0;
  std::size_t shared_memory = 0;  ///< the most that one block may ask for, in bytes
  bool cooperative_launch = false;
  bool memory_pools = false;
};

Status read_limits(int ordinal, Limits& limits);

}  // namespace gru::cuda
