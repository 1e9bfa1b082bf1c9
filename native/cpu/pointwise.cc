#include "cpu/pointwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>

#include "base/optimizer_rates.h"
#include "cpu/isa.h"
#include "cpu/parts.h"
#include "cpu/products/product.h"

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

// Threads divide the columns, so that each row of the table sums its tokens in their order.
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

void lerp(DeviceSpan<float> to, DeviceSpan<const float> from, float weight) {
  for_each_part(to.size(), part_size, work_of(to.size()),
                [&](std::size_t, std::size_t begin, std::size_t end) {
                  kernels().lerp(to.data() + begin, from.data() + begin, end - begin, weight);
                });
}

}  // namespace gru::cpu
