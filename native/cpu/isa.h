#pragma once

#include <string>
#include <vector>

#include "cpu/kernel_table.h"

namespace gru::cpu {

/// The kernels in use: see instruction_set() in cpu_device.h. They are chosen once.
const Kernels& kernels();

/// The number of vectors that hold `count` floats.
inline std::size_t vectors_of(std::size_t count) {
  return (count + kernels().lanes - 1) / kernels().lanes;
}

/// The tables of all instruction sets that were built and that this machine runs, best first.
std::vector<const Kernels*> runnable_kernels();

}  // namespace gru::cpu
