#pragma once

#include <cstddef>
#include <mutex>

namespace gru {

/// The bytes that a trainer holds, without its model and its passes.
struct TrainerMemory {
  std::size_t gradients = 0;
  std::size_t moments = 0;
  std::size_t average = 0;
  std::size_t states = 0;   ///< those that are carried from step to step
  std::size_t working = 0;  ///< activations, targets and losses

  std::size_t total() const { return gradients + moments + average + states + working; }
};

/// A value that one thread replaces while others read it.
template <class T>
class Published {
 public:
  void set(const T& value) {
    const std::lock_guard lock(mutex_);
    value_ = value;
  }
  T get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace gru
