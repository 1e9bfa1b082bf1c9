#include "cpu/kernels/activations.h"
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/rows.h"

GRU_KERNELS_BEGIN

namespace {

GRU_INLINE float sum_of_exponentials(const float* row, std::size_t count, float maximum) {
  Vector sums{};
  for (std::size_t i = 0; i < count; i += lanes) {
    const std::size_t real = minimum(lanes, count - i);
    Vector e = exponential(load(row + i, real) - broadcast(maximum));
    for (std::size_t lane = real; lane < lanes; ++lane) e[lane] = 0;
    sums += e;
  }
  return lane_sum(sums);
}

GRU_INLINE void scaled_softmax(const float* row, float* to, std::size_t count, float maximum,
                               float factor) {
  for (std::size_t i = 0; i < count; i += lanes) {
    const std::size_t real = minimum(lanes, count - i);
    store(to + i, exponential(load(row + i, real) - broadcast(maximum)) * broadcast(factor), real);
  }
}

GRU_INLINE float weight_of(const CrossEntropyRows& rows, std::size_t k) {
  return rows.class_weights == nullptr ? 1.0F : rows.class_weights[k];
}

/// Returns sum_k w_k (Z - y_k); `weights` receives sum_k w_k.
GRU_INLINE double loss_of_all_classes(const CrossEntropyRows& rows, const float* row,
                                      double normalizer, double& weights) {
  double sum = 0;
  for (std::size_t k = 0; k < rows.classes; ++k) {
    const auto weight = static_cast<double>(weight_of(rows, k));
    sum += weight * (normalizer - static_cast<double>(row[k]));
    weights += weight;
  }
  return sum;
}

GRU_INLINE void clear_row(const CrossEntropyRows& rows, std::size_t i) {
  if (rows.d_logits == nullptr) return;
  float* d_row = rows.d_logits + i * rows.d_stride;
  for (std::size_t k = 0; k < rows.classes; ++k) d_row[k] = 0;
}

/// `target_weight` (Z - y_t) + `share` sum_k w_k (Z - y_k), with Z = log sum_k exp(y_k)
GRU_INLINE double cross_entropy_of_row(const CrossEntropyRows& rows, std::size_t i) {
  const float* row = rows.logits + i * rows.stride;
  const auto target = static_cast<std::size_t>(rows.targets[i]);
  const float maximum = largest(row, rows.classes);
  const float total = sum_of_exponentials(row, rows.classes, maximum);
  const double logarithm = __builtin_log(static_cast<double>(total));
  const double target_weight =
      (1 - rows.label_smoothing) * static_cast<double>(weight_of(rows, target));
  double loss = target_weight *
                (logarithm - (static_cast<double>(row[target]) - static_cast<double>(maximum)));
  double all_weights = target_weight;
  const bool smooth = rows.label_smoothing > 0;
  const double share = rows.label_smoothing / static_cast<double>(rows.classes);
  if (smooth) {
    double weights = 0;
    loss +=
        share * loss_of_all_classes(rows, row, static_cast<double>(maximum) + logarithm, weights);
    all_weights += share * weights;
  }
  if (rows.d_logits == nullptr) return loss;
  float* d_row = rows.d_logits + i * rows.d_stride;
  const float scale = rows.scale;
  scaled_softmax(row, d_row, rows.classes, maximum,
                 scale * static_cast<float>(all_weights) / total);
  d_row[target] -= scale * static_cast<float>(target_weight);
  if (smooth) {
    const float part = scale * static_cast<float>(share);
    for (std::size_t k = 0; k < rows.classes; ++k) d_row[k] -= part * weight_of(rows, k);
  }
  return loss;
}

}  // namespace

double cross_entropy(const CrossEntropyRows& rows) {
  double loss = 0;
  for (std::size_t i = 0; i < rows.rows; ++i) {
    if (rows.ignored_class != nullptr && rows.targets[i] == *rows.ignored_class) {
      clear_row(rows, i);
    } else {
      loss += cross_entropy_of_row(rows, i);
    }
  }
  return loss;
}

double log_sum_exp(const float* row, std::size_t count) {
  const float maximum = largest(row, count);
  return static_cast<double>(maximum) +
         __builtin_log(static_cast<double>(sum_of_exponentials(row, count, maximum)));
}

void softmax(const float* row, float* to, std::size_t count, float scale) {
  const float maximum = largest(row, count);
  scaled_softmax(row, to, count, maximum, scale / sum_of_exponentials(row, count, maximum));
}

GRU_KERNELS_END
