#include "cpu/losses.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "cpu/isa.h"
#include "cpu/parts.h"

namespace gru::cpu {

void cross_entropy(const CrossEntropyCall& call) {
  const DeviceMatrix<const float> logits = call.output;
  const DeviceMatrix<float> d_logits = call.d_output;
  const double sum = sum_of_parts(
      logits.rows(), rows_per_part(logits.columns()), 4 * work_of(logits.rows() * logits.columns()),
      [&](std::size_t begin, std::size_t end) {
        CrossEntropyRows rows{};
        rows.logits = logits.data() + begin * logits.stride();
        rows.stride = logits.stride();
        rows.rows = end - begin;
        rows.classes = logits.columns();
        rows.targets = call.targets.data() + begin;
        rows.d_logits = d_logits.empty() ? nullptr : d_logits.data() + begin * d_logits.stride();
        rows.d_stride = d_logits.stride();
        rows.scale = static_cast<float>(call.scale());
        rows.class_weights = call.class_weights.data_or_null();
        rows.label_smoothing = call.label_smoothing;
        rows.ignored_class = call.ignored_class ? &*call.ignored_class : nullptr;
        return kernels().cross_entropy(rows);
      });
  // Where no row counts, a row's NaN still passes through.
  call.metrics.data()->loss =
      call.denominator > 0 ? sum / call.denominator * call.weight : sum * call.scale();
}

namespace {

/// The row length for a loop over the elements of all the matrices. If no matrix has a gap between
/// its rows, all elements are one row.
std::size_t row_length(std::initializer_list<DeviceMatrix<const float>> matrices) {
  const DeviceMatrix<const float>& first = *matrices.begin();
  const bool dense = std::ranges::all_of(
      matrices, [](DeviceMatrix<const float> matrix) { return matrix.is_dense(); });
  return dense ? first.rows() * first.columns() : first.columns();
}

/// Calls body(row, column, count) for the ranges of rows that contain the elements begin..end.
template <class Body>
void for_each_row_range(std::size_t begin, std::size_t end, std::size_t row_length,
                        const Body& body) {
  for (std::size_t i = begin; i < end;) {
    const std::size_t column = i % row_length;
    const std::size_t count = std::min(row_length - column, end - i);
    body(i / row_length, column, count);
    i += count;
  }
}

template <class T>
T* address_of(DeviceMatrix<T> matrix, std::size_t row, std::size_t column) {
  return matrix.empty() ? nullptr : matrix.data() + row * matrix.stride() + column;
}

auto kernel_of(LossKind kind) {
  switch (kind) {
    case LossKind::mean_absolute_error:
      return kernels().absolute_error;
    case LossKind::huber:
      return kernels().huber;
    case LossKind::quantile:
      return kernels().pinball;
    case LossKind::gaussian:
      return kernels().gaussian;
    case LossKind::binary_cross_entropy:
      return kernels().binary_cross_entropy;
    default:
      return kernels().squared_error;
  }
}

/// The elements of a loss over values, one for each term, and their division into rows.
class ValueTerms {
 public:
  explicit ValueTerms(const ValueLossCall& call) : call_(call), kernel_(kernel_of(call.kind)) {
    if (call.kind == LossKind::gaussian) {
      row_length_ = call.terms();
    } else {
      row_length_ = row_length({call.output, call.targets, call.d_output});
    }
    if (call.kind == LossKind::quantile) values_of_target_ = call.quantiles.size();
    common_.delta = static_cast<float>(call.delta);
    common_.quantiles = call.quantiles.data();
    common_.weights = call.positive_weights.data_or_null();
    common_.period = call.kind == LossKind::quantile ? values_of_target_ : call.output.columns();
    const double factor = call.kind == LossKind::mean_squared_error ? 2 : 1;
    common_.scale = static_cast<float>(factor * mean());
  }

  std::size_t count() const { return call_.output.rows() * call_.terms(); }

  /// The factor of each term in the loss.
  double mean() const {
    const double terms = call_.denominator * static_cast<double>(call_.terms());
    return terms > 0 ? 1 / terms * call_.weight : 0;
  }

  double sum(std::size_t begin, std::size_t end) const {
    double sum = 0;
    for_each_row_range(begin, end, row_length_,
                       [&](std::size_t row, std::size_t column, std::size_t count) {
                         sum = call_.ignore_missing ? add_present(sum, row, column, column + count)
                                                    : kernel_(sum, range(row, column, count));
                       });
    return sum;
  }

 private:
  bool is_missing(std::size_t row, std::size_t column) const {
    return std::isnan(*address_of(call_.targets, row, column / values_of_target_));
  }

  /// Returns `sum` plus the terms of a range of a row that have a target. The others get no
  /// gradient.
  double add_present(double sum, std::size_t row, std::size_t begin, std::size_t end) const {
    for (std::size_t next = begin; begin < end; begin = next) {
      const bool missing = is_missing(row, begin);
      while (next < end && is_missing(row, next) == missing) ++next;
      const ValueRange run = range(row, begin, next - begin);
      if (missing) {
        clear_gradient(run);
      } else {
        sum = kernel_(sum, run);
      }
    }
    return sum;
  }

  static void clear_gradient(const ValueRange& range) {
    if (range.d_values == nullptr) return;
    std::fill_n(range.d_values, range.count, 0.0F);
    if (range.d_log_variances != nullptr) std::fill_n(range.d_log_variances, range.count, 0.0F);
  }

  ValueRange range(std::size_t row, std::size_t column, std::size_t count) const {
    ValueRange made = common_;
    made.values = address_of(call_.output, row, column);
    made.targets = address_of(call_.targets, row, column / values_of_target_);
    made.d_values = address_of(call_.d_output, row, column);
    made.count = count;
    made.phase = column % common_.period;
    if (call_.kind == LossKind::gaussian) {
      made.log_variances = address_of(call_.output, row, call_.terms() + column);
      made.d_log_variances = address_of(call_.d_output, row, call_.terms() + column);
    }
    return made;
  }

  const ValueLossCall& call_;
  double (*kernel_)(double sum, const ValueRange& range);
  std::size_t row_length_ = 0;
  std::size_t values_of_target_ = 1;
  ValueRange common_{};
};

}  // namespace

void value_loss(const ValueLossCall& call) {
  const ValueTerms terms(call);
  const double sum =
      sum_of_parts(terms.count(), part_size, work_of(terms.count()),
                   [&](std::size_t begin, std::size_t end) { return terms.sum(begin, end); });
  call.metrics.data()->loss = sum * terms.mean();
}

}  // namespace gru::cpu
