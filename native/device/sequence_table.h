#pragma once

#include <vector>

#include "base/options.h"
#include "base/rows.h"
#include "device/buffer.h"

namespace gru {

/// Where the rows of each sequence lie, for operations that process one sequence after another.
class SequenceTable {
 public:
  /// The rows are one for each valid step, or one for each sequence that has a valid step.
  Status load(Device& device, const RowMap& map, Every every);

  const SequenceRows& rows() const { return rows_; }
  std::size_t held_bytes() const { return table_.bytes(); }

 private:
  std::vector<std::int32_t> host_;
  Buffer<std::int32_t> table_;
  SequenceRows rows_;
};

/// Translates between the sorted orders of two inputs' sequences. Inputs with different lengths
/// sort the same batch differently.
class SequenceMatch {
 public:
  /// `other_sequences`: for each sequence of `of` the one of `other`, in the order of the batches;
  /// empty where both are one batch.
  Status load(Device& device, const RowMap& of, const RowMap& other,
              std::span<const std::int32_t> other_sequences = {});

  /// For each position in the sorted batch of the one map, the position of the same sequence in the
  /// other map, or -1 if it has no valid step there: [batch].
  DeviceSpan<const std::int32_t> positions() const { return table_.span(); }
  std::size_t held_bytes() const { return table_.bytes(); }

 private:
  std::vector<std::int32_t> host_;
  Buffer<std::int32_t> table_;
};

}  // namespace gru
