#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "cpu/products/product.h"
#include "cpu/threads/threads.h"

/// Work on rows and vectors, divided into parts whose size does not depend on the number of
/// threads.
namespace gru::cpu {

/// The elements that one thread takes at a time. Sums are formed within each part and then over the
/// parts in order, so that they do not depend on the number of threads.
inline constexpr std::size_t part_size = 16384;
/// Such work is bound by memory. It takes as long as this many operations for each element.
inline constexpr double operations_per_element = 16;

inline std::size_t parts_of(std::size_t count, std::size_t size) {
  return (count + size - 1) / size;
}

/// Calls body(part, begin, end) for the parts of 0..count on the pool of threads.
template <class Body>
void for_each_part(std::size_t count, std::size_t size, double work, const Body& body) {
  const std::size_t parts = parts_of(count, size);
  parallel(threads_for(work), [&](unsigned index, Team& team) {
    const Range mine = share_of(parts, index, team.size());
    for (std::size_t part = mine.begin; part < mine.end; ++part) {
      body(part, part * size, std::min((part + 1) * size, count));
    }
  });
}

/// The sum of body(begin, end) over the parts, in their order.
template <class Body>
double sum_of_parts(std::size_t count, std::size_t size, double work, const Body& body) {
  std::vector<double> sums(parts_of(count, size));
  for_each_part(count, size, work, [&](std::size_t part, std::size_t begin, std::size_t end) {
    sums[part] = body(begin, end);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

inline double work_of(std::size_t elements) {
  return operations_per_element * static_cast<double>(elements);
}

/// The number of rows that have about part_size elements.
inline std::size_t rows_per_part(std::size_t columns) {
  return std::max<std::size_t>(1, part_size / std::max<std::size_t>(1, columns));
}

}  // namespace gru::cpu
