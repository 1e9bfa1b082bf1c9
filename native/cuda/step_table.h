#pragma once

#include <cstdint>
#include <vector>

#include "base/rows.h"
#include "cuda/launch.h"
#include "cuda/scratch.h"
#include "cuda/staging.h"

namespace gru::cuda {

/// What kernels need of a RowMap, on the device and on the host. Layers and directions use the same
/// map one after another; only a different map is uploaded.
class StepTable {
 public:
  Status load(const RowMap& map, Staging& staging, const Queue& queue);

  /// The first packed row of each step, and the end: [steps + 1].
  const std::int32_t* host_first() const { return table_.data(); }
  const std::int32_t* first() const { return device_.data(); }
  /// The lengths of the sequences in sorted order: [batch].
  const std::int32_t* lengths() const { return device_.data() + steps_ + 1; }

 private:
  std::size_t steps_ = 0;
  std::vector<std::int32_t> table_;  ///< as uploaded
  std::vector<std::int32_t> next_;
  Scratch<std::int32_t> device_;
};

}  // namespace gru::cuda
