#pragma once

#include <vector>

#include "base/options.h"
#include "base/rows.h"
#include "device/buffer.h"

namespace gru {

/// Where each sequence's rows lie, for operations that go from sequence to sequence.
class SequenceTable {
 public:
  /// Of a row for each valid step, or of one for each sequence that has one.
  Status load(Device& device, const RowMap& map, Every every);

  const SequenceRows& rows() const { return rows_; }

 private:
  std::vector<std::int32_t> host_;
  Buffer<std::int32_t> table_;
  SequenceRows rows_;
};

/// The way from one order of a batch's sequences to another: inputs whose lengths differ sort them
/// differently.
class SequenceMatch {
 public:
  /// `sources`: for each sequence of `of` the one of `other`, in the order of the batches; empty
  /// where both are one batch.
  Status load(Device& device, const RowMap& of, const RowMap& other,
              std::span<const std::int32_t> sources = {});

  /// For each place in the sorted batch of the one map the place of the same sequence in the other,
  /// or -1 where that has no valid step: [batch].
  DeviceSpan<const std::int32_t> places() const { return table_.span(); }

 private:
  std::vector<std::int32_t> host_;
  Buffer<std::int32_t> table_;
};

}  // namespace gru
