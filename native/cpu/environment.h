#pragma once

#include <optional>
#include <string>

/// The environment variables of the CPU device. An empty one counts as unset.

namespace gru::cpu {

/// GRU_NATIVE_ISA, the instruction set to use.
std::string asked_isa();

/// GRU_NATIVE_BLAS.
enum class BlasChoice : unsigned char {
  by_default,
  on,
  off,
  unknown,  ///< any other text; it chooses nothing
};
BlasChoice asked_blas();

/// GRU_NATIVE_THREADS, if it is a number from 1 to `maximum`.
std::optional<unsigned> asked_threads(unsigned maximum);

}  // namespace gru::cpu
