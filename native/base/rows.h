#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

namespace gru {

/// The shape of a caller's batch, of at most 2^31 - 1 rows. `lengths` has a length from 0 to
/// `steps` for each sequence; if it is empty, every sequence has all steps. The caller has checked
/// this.
struct BatchShape {
  std::size_t steps = 0;
  std::size_t batch = 0;
  std::span<const std::int32_t> lengths;
};

/// Which rows the engine computes, and where they lie in the caller's padded tensors.
///
/// The engine computes packed rows: only valid steps, step by step. Within a step, the sequences
/// are sorted by decreasing length, so that the sequences that have this step are its first rows.
/// Row `first(t) + i` is step t of the i-th sequence in this order. The rows of a dense, time-major
/// batch are packed already.
class RowMap {
 public:
  /// Fails only if memory runs out; `map` is then unchanged.
  static Status build(const BatchShape& shape, bool batch_first, RowMap& map);

  std::size_t steps() const { return steps_; }
  std::size_t batch() const { return batch_; }
  /// The number of valid (step, sequence) pairs.
  std::size_t rows() const { return first_.back(); }
  /// The number of rows of the caller's tensors: steps * batch.
  std::size_t padded_rows() const { return steps_ * batch_; }
  std::size_t first(std::size_t step) const { return first_[step]; }
  /// The number of sequences that have step `step` (PackedSequence's batch_sizes).
  std::size_t batch_size(std::size_t step) const { return first_[step + 1] - first_[step]; }
  /// First packed row of each step, and the number of rows at the end: [steps + 1].
  std::span<const std::size_t> first() const { return first_; }

  /// Whether the packed rows are the caller's rows, in the same order.
  bool is_identity() const { return identity_; }
  /// Whether every sequence has all steps.
  bool is_dense() const { return dense_; }
  /// Whether the sequences are in the caller's order.
  bool keeps_order() const { return sorted_indices_.empty(); }

  /// For each packed row the caller's row: [rows]. Empty if is_identity().
  std::span<const std::int32_t> to_padded() const { return to_padded_; }
  /// For each of the caller's rows the packed row, or -1 for a padded step: [steps * batch]. Empty
  /// if is_identity().
  std::span<const std::int32_t> to_packed() const { return to_packed_; }
  /// sorted_indices(): for each position in the sorted batch, the caller's sequence.
  /// unsorted_indices(): the inverse. Both are [batch], and empty if keeps_order(). PyTorch's
  /// PackedSequence has the same names.
  std::span<const std::int32_t> sorted_indices() const { return sorted_indices_; }
  std::span<const std::int32_t> unsorted_indices() const { return unsorted_indices_; }
  /// The same as unsorted_indices(), with -1 for sequences without a valid step: [batch]. Empty if
  /// keeps_order().
  std::span<const std::int32_t> nonempty_unsorted_indices() const {
    return nonempty_unsorted_indices_;
  }
  /// For each packed row its time-major number step * batch + sequence, whatever the caller's
  /// layout is: [rows]. Dropout masks use this number. Empty if the packed rows have these numbers
  /// already.
  std::span<const std::int32_t> logical() const { return logical_; }
  /// For each position in the sorted batch, the length of its sequence: [batch].
  std::span<const std::int32_t> sorted_lengths() const { return sorted_lengths_; }
  /// The number of sequences with at least one valid step. They come first in the sorted batch.
  std::size_t nonempty_sequences() const { return steps_ == 0 ? 0 : batch_size(0); }
  /// The memory of all tables.
  std::size_t bytes() const;

 private:
  void sort_by_length(std::span<const std::int32_t> lengths);
  void map_rows(bool batch_first);

  std::size_t steps_ = 0;
  std::size_t batch_ = 0;
  bool identity_ = true;
  bool dense_ = true;
  std::vector<std::size_t> first_{0};
  std::vector<std::int32_t> to_padded_;
  std::vector<std::int32_t> to_packed_;
  std::vector<std::int32_t> sorted_indices_;
  std::vector<std::int32_t> unsorted_indices_;
  std::vector<std::int32_t> nonempty_unsorted_indices_;
  std::vector<std::int32_t> logical_;
  std::vector<std::int32_t> sorted_lengths_;
};

}  // namespace gru
