#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/graph.h"

namespace gru {

/// A training pass for a loss that the caller computes. It keeps the data of the pass between
/// forward and backward, on the device of the trainer's model, which must outlive it.
class TrainingPass {
 public:
  /// Copies the batch, because the pass outlives the caller's arrays. Throws std::bad_alloc.
  explicit TrainingPass(std::span<const InputBatch> inputs);

  /// One batch of every input, in the pass's own memory.
  std::span<const InputBatch> inputs() const { return inputs_; }
  /// As of its last call. May be asked at any time.
  std::size_t input_bytes() const noexcept { return copied_; }
  std::size_t held_bytes() const noexcept { return held_.load(std::memory_order_relaxed); }

 private:
  friend class Trainer;

  template <class T>
  std::span<const T> keep(std::span<const T> from);

  /// Counts the memory in use now.
  void count(Device& device) noexcept;

  std::vector<std::unique_ptr<std::byte[]>> copies_;
  std::size_t copied_ = 0;  ///< bytes of copies_
  CountedBytes counted_;    ///< the same, once the device knows of them
  std::vector<InputBatch> inputs_;
  GraphPass graph_;
  bool is_open_ = false;       ///< forward was called, and backward was not yet
  std::uint64_t version_ = 0;  ///< of the parameters it was computed with
  Buffer<float> staged_;
  Buffer<float> packed_;
  std::atomic<std::size_t> held_{0};
};

}  // namespace gru
