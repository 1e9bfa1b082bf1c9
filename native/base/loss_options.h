#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace gru {

/// The kind of an output's loss. docs/maths.md has each one's formula, gradient and denominator.
enum class LossKind : std::uint8_t {
  cross_entropy,
  mean_squared_error,
  mean_absolute_error,
  huber,
  quantile,
  gaussian,
  binary_cross_entropy,
  ctc,
};

/// A loss and its options. Options of other kinds are not read.
struct LossOptions {
  LossKind kind = LossKind::cross_entropy;
  double label_smoothing = 0;                      ///< cross_entropy: from 0 to less than 1
  std::vector<float> class_weights = {};           ///< cross_entropy: [classes]; empty: 1
  std::optional<std::int32_t> ignored_class = {};  ///< cross_entropy: its rows do not count
  double delta = 1;                                ///< huber: linear beyond this error
  std::vector<float> quantiles = {};               ///< quantile: [Q], each between 0 and 1
  std::vector<float> positive_weights = {};        ///< binary_cross_entropy: [width]; empty: 1
  bool ignore_missing = false;  ///< losses over values: a target that is NaN does not count
};

/// The label for "no symbol" in connectionist temporal classification, the same as PyTorch's.
inline constexpr std::int32_t ctc_blank = 0;

/// What the targets of a loss are.
enum class TargetKind : std::uint8_t {
  classes,  ///< one for each row
  values,   ///< target_width for each row
  labels,   ///< some for each sequence
};

inline TargetKind target_kind(LossKind loss) {
  if (loss == LossKind::cross_entropy) return TargetKind::classes;
  return loss == LossKind::ctc ? TargetKind::labels : TargetKind::values;
}

/// Whether the values of a target are probabilities: from 0 to 1.
inline bool has_probabilities(LossKind loss) { return loss == LossKind::binary_cross_entropy; }

/// The number of values in a row of the target, for an output of `width` values and a loss over
/// values.
inline std::size_t target_width(const LossOptions& loss, std::size_t width) {
  if (loss.kind == LossKind::quantile) return width / loss.quantiles.size();
  if (loss.kind == LossKind::gaussian) return width / 2;
  return width;
}

}  // namespace gru
