#include "base/rows.h"

#include <algorithm>
#include <numeric>

namespace gru {

namespace {

template <class T>
std::size_t bytes_in(const std::vector<T>& values) {
  return values.capacity() * sizeof(T);
}

bool all_equal(std::span<const std::int32_t> lengths, std::size_t steps) {
  return std::all_of(lengths.begin(), lengths.end(), [steps](std::int32_t length) {
    return static_cast<std::size_t>(length) == steps;
  });
}

}  // namespace

void RowMap::sort_by_length(std::span<const std::int32_t> lengths) {
  sorted_indices_.resize(batch_);
  std::iota(sorted_indices_.begin(), sorted_indices_.end(), 0);
  std::sort(sorted_indices_.begin(), sorted_indices_.end(),
            [lengths](std::int32_t a, std::int32_t b) {
              const std::int32_t length_a = lengths[static_cast<std::size_t>(a)];
              const std::int32_t length_b = lengths[static_cast<std::size_t>(b)];
              return length_a == length_b ? a < b : length_a > length_b;
            });
  unsorted_indices_.resize(batch_);
  sorted_lengths_.resize(batch_);
  for (std::size_t i = 0; i < batch_; ++i) {
    const auto sequence = static_cast<std::size_t>(sorted_indices_[i]);
    unsorted_indices_[sequence] = static_cast<std::int32_t>(i);
    sorted_lengths_[i] = lengths[sequence];
  }
  if (std::is_sorted(sorted_indices_.begin(), sorted_indices_.end())) {
    sorted_indices_.clear();
    unsorted_indices_.clear();
    return;
  }
  nonempty_unsorted_indices_ = unsorted_indices_;
  for (std::size_t b = 0; b < batch_; ++b) {
    if (lengths[b] == 0) nonempty_unsorted_indices_[b] = -1;
  }
}

void RowMap::map_rows(bool batch_first) {
  to_padded_.resize(rows());
  to_packed_.assign(padded_rows(), -1);
  if (!dense_) logical_.resize(rows());
  for (std::size_t t = 0; t < steps_; ++t) {
    for (std::size_t i = 0; i < batch_size(t); ++i) {
      const std::size_t b =
          sorted_indices_.empty() ? i : static_cast<std::size_t>(sorted_indices_[i]);
      const std::size_t row = first(t) + i;
      const std::size_t padded = batch_first ? b * steps_ + t : t * batch_ + b;
      to_padded_[row] = static_cast<std::int32_t>(padded);
      to_packed_[padded] = static_cast<std::int32_t>(row);
      if (!dense_) logical_[row] = static_cast<std::int32_t>(t * batch_ + b);
    }
  }
}

std::size_t RowMap::bytes() const {
  return bytes_in(first_) + bytes_in(to_padded_) + bytes_in(to_packed_) +
         bytes_in(sorted_indices_) + bytes_in(unsorted_indices_) +
         bytes_in(nonempty_unsorted_indices_) + bytes_in(logical_) + bytes_in(sorted_lengths_);
}

Status RowMap::build(const BatchShape& shape, bool batch_first, RowMap& map) {
  return guarded([&]() -> Status {
    RowMap made;
    made.steps_ = shape.steps;
    made.batch_ = shape.batch;
    made.dense_ = all_equal(shape.lengths, shape.steps);
    if (made.dense_) {
      made.sorted_lengths_.assign(shape.batch, static_cast<std::int32_t>(shape.steps));
    } else {
      made.sort_by_length(shape.lengths);
    }

    made.first_.resize(shape.steps + 1);
    std::size_t batch_size = shape.batch;
    for (std::size_t t = 0; t < shape.steps; ++t) {
      while (batch_size > 0 && static_cast<std::size_t>(made.sorted_lengths_[batch_size - 1]) <= t)
        --batch_size;
      made.first_[t + 1] = made.first_[t] + batch_size;
    }

    const bool transposed = batch_first && shape.steps > 1 && shape.batch > 1;
    made.identity_ = made.dense_ && !transposed;
    if (!made.identity_) made.map_rows(batch_first);
    map = std::move(made);
    return {};
  });
}

}  // namespace gru
