#pragma once

#include <vector>

#include "probe_kernels.h"

namespace gru::probe {

/// The kernels of every instruction set that was built and that this machine runs, best first.
std::vector<const Kernels*> runnable_kernels();

}  // namespace gru::probe
