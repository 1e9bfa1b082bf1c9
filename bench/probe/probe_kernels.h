#pragma once

#include <cstddef>
#include <cstdint>

namespace gru::probe {

/// Loops that reach the limits of an instruction set, compiled for each.
struct Kernels {
  const char* name;
  /// Floating-point operations of one iteration of multiply_add.
  std::size_t operations;
  /// Independent chains of multiply-adds in registers. The result keeps them from being removed.
  float (*multiply_add)(std::size_t iterations);
  /// Reads `bytes` (rounded down to 1 KiB) from memory aligned to 64 bytes.
  std::uint64_t (*read)(const void* memory, std::size_t bytes);
};

}  // namespace gru::probe
