#pragma once

#include <string>
#include <vector>

#include "cpu/kernel_table.h"

namespace gru::cpu {

/// The kernels in use: see instruction_set() in cpu_device.h. Chosen once.
const Kernels& kernels();

/// The tables of all instruction sets that were built and that this machine runs, best first.
std::vector<const Kernels*> runnable_kernels();

}  // namespace gru::cpu
