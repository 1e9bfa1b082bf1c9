#include "cpu/layers.h"

#include <algorithm>

#include "cpu/isa.h"
#include "cpu/parts.h"

namespace gru::cpu {

namespace {

/// Calls body(first row, end) for parts of the matrix's rows.
template <class Body>
void for_each_rows(DeviceMatrix<const float> matrix, const Body& body) {
  const std::size_t columns = matrix.columns();
  for_each_part(matrix.rows(), rows_per_part(columns), work_of(matrix.rows() * columns),
                [&](std::size_t, std::size_t begin, std::size_t end) { body(begin, end); });
}

template <class T>
T* row_of(DeviceMatrix<T> matrix, std::size_t i) {
  return matrix.data() + i * matrix.stride();
}

ConstRows rows_of(DeviceMatrix<const float> matrix) { return {matrix.data(), matrix.stride()}; }
Rows rows_of(DeviceMatrix<float> matrix) { return {matrix.data(), matrix.stride()}; }

}  // namespace

void activate(DeviceMatrix<float> values, Activation activation) {
  for_each_rows(values, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      kernels().activate(row_of(values, i), values.columns(), activation);
    }
  });
}

void activate_backward(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                       DeviceMatrix<const float> values, Activation activation) {
  for_each_rows(to, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      kernels().activate_backward(row_of(to, i), row_of(from, i), row_of(values, i), to.columns(),
                                  activation);
    }
  });
}

void layer_norm_forward(const LayerNormForward& call) {
  for_each_rows(call.output, [&](std::size_t begin, std::size_t end) {
    kernels().layer_norm({rows_of(call.input), call.weight.data(), call.bias.data(),
                          rows_of(call.output), rows_of(call.statistics), call.output.columns(),
                          begin, end});
  });
}

void layer_norm_backward(const LayerNormBackward& call) {
  for_each_rows(call.d_output, [&](std::size_t begin, std::size_t end) {
    kernels().layer_norm_backward(
        {rows_of(call.input), call.weight.data(), rows_of(call.statistics), rows_of(call.d_output),
         rows_of(call.d_input), rows_of(call.d_weight_rows), call.d_output.columns(), begin, end});
  });
}

namespace {

/// Calls body(index in the result, row) for each row of the sequences first..end, in the order of
/// steps.
template <class Body>
void for_each_row(const SequenceRows& rows, std::size_t first, std::size_t end, const Body& body) {
  for (std::size_t t = 0; t < rows.steps; ++t) {
    for (std::size_t i = first; i < end; ++i) {
      if (static_cast<std::size_t>(rows.length.data()[i]) <= t) break;  // so are the others
      body(i, static_cast<std::size_t>(rows.first.data()[t]) + i);
    }
  }
}

/// Calls body(first, end) for parts of the sequences; `elements` is the number of elements in all
/// rows.
template <class Body>
void for_each_sequences(const SequenceRows& rows, std::size_t elements, const Body& body) {
  const std::size_t each = elements / std::max<std::size_t>(1, rows.sequences);
  for_each_part(rows.sequences, rows_per_part(each), work_of(elements),
                [&](std::size_t, std::size_t begin, std::size_t end) { body(begin, end); });
}

}  // namespace

void sequence_means(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                    const SequenceRows& rows) {
  const std::size_t columns = to.columns();
  for_each_sequences(rows, from.rows() * columns, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) std::fill_n(row_of(to, i), columns, 0.0F);
    for_each_row(rows, begin, end, [&](std::size_t i, std::size_t row) {
      const float* source = row_of(from, row);
      float* target = row_of(to, i);
      for (std::size_t j = 0; j < columns; ++j) target[j] += source[j];
    });
    for (std::size_t i = begin; i < end; ++i) {
      const auto count = static_cast<float>(rows.length.data()[i]);
      for (std::size_t j = 0; j < columns; ++j) row_of(to, i)[j] /= count;
    }
  });
}

void spread_means(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                  const SequenceRows& rows) {
  const std::size_t columns = to.columns();
  for_each_sequences(rows, to.rows() * columns, [&](std::size_t begin, std::size_t end) {
    for_each_row(rows, begin, end, [&](std::size_t i, std::size_t row) {
      const auto count = static_cast<float>(rows.length.data()[i]);
      const float* source = row_of(from, i);
      float* target = row_of(to, row);
      for (std::size_t j = 0; j < columns; ++j) target[j] = source[j] / count;
    });
  });
}

}  // namespace gru::cpu
