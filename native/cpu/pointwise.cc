#include "cpu/pointwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>

#include "base/optimizer_rates.h"
#include "cpu/isa.h"
#include "cpu/parts.h"
#include "cpu/products/product.h"
#include "cpu/threads/threads.h"

namespace gru::cpu {

void add(DeviceMatrix<float> to, DeviceMatrix<const float> from) {
  const std::size_t columns = to.columns();
  for_each_part(to.rows(), rows_per_part(columns), work_of(to.rows() * columns),
                [&](std::size_t, std::size_t begin, std::size_t end) {
                  for (std::size_t i = begin; i < end; ++i) {
                    const float* source = from.data() + i * from.stride();
                    float* target = to.data() + i * to.stride();
                    for (std::size_t j = 0; j < columns; ++j) target[j] += source[j];
                  }
                });
}

template <class T>
void gather_rows(T* to, std::size_t to_stride, const T* from, std::size_t from_stride,
                 std::size_t width, DeviceSpan<const std::int32_t> index) {
  for_each_part(index.size(), rows_per_part(width), work_of(index.size() * width),
                [&](std::size_t, std::size_t begin, std::size_t end) {
                  for (std::size_t i = begin; i < end; ++i) {
                    const std::int32_t row = index.data()[i];
                    if (row < 0) {
                      std::memset(to + i * to_stride, 0, width * sizeof(T));
                    } else {
                      std::memcpy(to + i * to_stride,
                                  from + static_cast<std::size_t>(row) * from_stride,
                                  width * sizeof(T));
                    }
                  }
                });
}

template void gather_rows(float*, std::size_t, const float*, std::size_t, std::size_t,
                          DeviceSpan<const std::int32_t>);
template void gather_rows(std::int32_t*, std::size_t, const std::int32_t*, std::size_t, std::size_t,
                          DeviceSpan<const std::int32_t>);

// Threads take columns, so that each row of the table sums its tokens in their order.
void embedding_backward(DeviceMatrix<float> table_gradient, DeviceSpan<const std::int32_t> tokens,
                        DeviceMatrix<const float> d_output) {
  const std::size_t columns = table_gradient.columns();
  const double work = work_of(tokens.size() * columns);
  parallel(threads_for(work), [&](unsigned index, Team& team) {
    const Range mine = share_of(columns, index, team.size(), cache_line / sizeof(float));
    for (std::size_t row = 0; row < table_gradient.rows(); ++row) {
      float* to = table_gradient.data() + row * table_gradient.stride();
      std::fill(to + mine.begin, to + mine.end, 0.0F);
    }
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const auto token = static_cast<std::size_t>(tokens.data()[i]);
      float* to = table_gradient.data() + token * table_gradient.stride();
      const float* from = d_output.data() + i * d_output.stride();
      for (std::size_t j = mine.begin; j < mine.end; ++j) to[j] += from[j];
    }
  });
}

void dropout(DeviceMatrix<float> to, DeviceMatrix<const float> from, const DropoutMask& mask,
             DeviceSpan<const std::int32_t> number) {
  const std::size_t columns = to.columns();
  for_each_part(to.rows(), rows_per_part(columns), work_of(to.rows() * columns),
                [&](std::size_t, std::size_t begin, std::size_t end) {
                  for (std::size_t i = begin; i < end; ++i) {
                    const std::size_t row =
                        number.empty() ? i : static_cast<std::size_t>(number.data()[i]);
                    const float* source = from.data() + i * from.stride();
                    float* target = to.data() + i * to.stride();
                    for (std::size_t j = 0; j < columns; ++j) {
                      target[j] = source[j] * mask.scale(row * columns + j);
                    }
                  }
                });
}

void column_sums(float* to, DeviceMatrix<const float> from) {
  const PackSource rows{from.data(), from.stride(), from.rows(), from.columns()};
  parallel(threads_for(static_cast<double>(from.rows()) * static_cast<double>(from.columns())),
           [&](unsigned index, Team& team) {
             const Range mine = share_of(from.columns(), index, team.size(), kernels().lanes);
             std::fill(to + mine.begin, to + mine.end, 0.0F);
             kernels().column_sums(rows, to, mine.begin, mine.end);
           });
}

double cross_entropy(DeviceMatrix<const float> logits, DeviceSpan<const std::int32_t> targets,
                     DeviceMatrix<float> d_logits) {
  const auto rows = static_cast<double>(logits.rows());
  const double sum = sum_of_parts(
      logits.rows(), rows_per_part(logits.columns()), 4 * work_of(logits.rows() * logits.columns()),
      [&](std::size_t begin, std::size_t end) {
        float* gradient = d_logits.empty() ? nullptr : d_logits.data() + begin * d_logits.stride();
        return kernels().cross_entropy({logits.data() + begin * logits.stride(), logits.stride(),
                                        end - begin, logits.columns()},
                                       targets.data() + begin, gradient, d_logits.stride(),
                                       static_cast<float>(1 / rows));
      });
  return sum / rows;
}

namespace {

/// The row length by which to walk through the elements of all the matrices: where none has a gap
/// between its rows, everything is one row.
std::size_t row_length(std::initializer_list<DeviceMatrix<const float>> matrices) {
  const DeviceMatrix<const float>& first = *matrices.begin();
  const bool dense = std::ranges::all_of(
      matrices, [](DeviceMatrix<const float> matrix) { return matrix.is_dense(); });
  return dense ? first.rows() * first.columns() : first.columns();
}

/// Calls body(row, column, count) for the pieces of rows that make up the elements begin..end.
template <class Body>
void for_each_piece(std::size_t begin, std::size_t end, std::size_t row_length, const Body& body) {
  for (std::size_t i = begin; i < end;) {
    const std::size_t column = i % row_length;
    const std::size_t count = std::min(row_length - column, end - i);
    body(i / row_length, column, count);
    i += count;
  }
}

template <class T>
T* place_in(DeviceMatrix<T> matrix, std::size_t row, std::size_t column) {
  return matrix.empty() ? nullptr : matrix.data() + row * matrix.stride() + column;
}

}  // namespace

double mean_squared_error(DeviceMatrix<const float> values, DeviceMatrix<const float> targets,
                          DeviceMatrix<float> d_values) {
  const std::size_t count = values.rows() * values.columns();
  const std::size_t length = row_length({values, targets, d_values});
  const double mean = 1 / static_cast<double>(count);
  const auto part_sum = [&](std::size_t begin, std::size_t end) {
    double sum = 0;
    for_each_piece(begin, end, length, [&](std::size_t row, std::size_t column, std::size_t piece) {
      sum = kernels().squared_error(sum, place_in(values, row, column),
                                    place_in(targets, row, column), place_in(d_values, row, column),
                                    piece, static_cast<float>(2 * mean));
    });
    return sum;
  };
  return sum_of_parts(count, part_size, work_of(count), part_sum) * mean;
}

double norm(DeviceSpan<const float> values) {
  return std::sqrt(sum_of_parts(
      values.size(), part_size, work_of(values.size()), [&](std::size_t begin, std::size_t end) {
        return kernels().sum_of_squares(values.data() + begin, end - begin);
      }));
}

void scale(DeviceSpan<float> values, float factor) {
  for_each_part(values.size(), part_size, work_of(values.size()),
                [&](std::size_t, std::size_t begin, std::size_t end) {
                  kernels().scale(values.data() + begin, end - begin, factor);
                });
}

void clamp(DeviceSpan<float> values, float limit) {
  for_each_part(values.size(), part_size, work_of(values.size()),
                [&](std::size_t, std::size_t begin, std::size_t end) {
                  kernels().clamp(values.data() + begin, end - begin, limit);
                });
}

namespace {

auto kernel_of(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::adam:
      return kernels().adam;
    case OptimizerKind::adamw:
      return kernels().adamw;
    case OptimizerKind::rmsprop:
      return kernels().rmsprop;
    case OptimizerKind::sgd:
      break;
  }
  return kernels().sgd;
}

float* part_of(DeviceSpan<float> moment, std::size_t begin) {
  return moment.empty() ? nullptr : moment.data() + begin;
}

}  // namespace

void optimizer_update(const OptimizerUpdate& update) {
  const OptimizerStep whole{optimizer_rates(update.options, update.step)};
  const auto kernel = kernel_of(update.options.kind);
  for_each_part(update.parameters.size(), part_size, work_of(update.parameters.size()),
                [&](std::size_t, std::size_t begin, std::size_t end) {
                  OptimizerStep part = whole;
                  part.parameters = update.parameters.data() + begin;
                  part.gradients = update.gradients.data() + begin;
                  part.first_moment = part_of(update.first_moment, begin);
                  part.second_moment = part_of(update.second_moment, begin);
                  part.count = end - begin;
                  kernel(part);
                });
}

}  // namespace gru::cpu
