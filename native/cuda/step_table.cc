#include "cuda/step_table.h"

namespace gru::cuda {

Status StepTable::load(const RowMap& map, Staging& staging, const Queue& queue) {
  next_.clear();
  for (const std::size_t first : map.first()) next_.push_back(static_cast<std::int32_t>(first));
  const auto lengths = map.sorted_lengths();
  next_.insert(next_.end(), lengths.begin(), lengths.end());
  if (next_ == table_ && steps_ == map.steps()) return {};

  table_.clear();
  GRU_RETURN_IF_ERROR(device_.reserve(next_.size(), queue));
  GRU_RETURN_IF_ERROR(staging.upload(device_.data(), next_.data(),
                                     next_.size() * sizeof(std::int32_t), queue.stream,
                                     queue.ordinal));
  table_.swap(next_);
  steps_ = map.steps();
  return {};
}

}  // namespace gru::cuda
