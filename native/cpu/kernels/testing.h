#pragma once

#include <cstddef>
#include <string>

#include "cpu/isa.h"
#include "testing/device_testing.h"

/// Shared by the tests of the kernels.
namespace gru::testing {

inline cpu::PackSource source_of(GuardedMatrix& matrix) {
  return {matrix.data(), matrix.stride(), matrix.rows(), matrix.columns()};
}

inline std::size_t round_up(std::size_t count, std::size_t unit) {
  return (count + unit - 1) / unit * unit;
}

inline GuardedMatrix transposed(GuardedMatrix& matrix) {
  GuardedMatrix made(matrix.columns(), matrix.rows());
  for (std::size_t i = 0; i < made.rows(); ++i) {
    for (std::size_t j = 0; j < made.columns(); ++j) made.at(i, j) = matrix.at(j, i);
  }
  return made;
}

/// A vector between guards.
inline GuardedMatrix guarded_vector(std::size_t count) { return {1, count, 0}; }

/// Calls body(table) for every instruction set that this machine runs. If a check fails, the
/// message names the instruction set.
template <class Body>
void for_each_table(const Body& body) {
  for (const cpu::Kernels* table : cpu::runnable_kernels()) {
    INFO("the kernels of ", std::string(table->name));
    body(*table);
  }
}

}  // namespace gru::testing
