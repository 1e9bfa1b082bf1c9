#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "device/buffer.h"
#include "layers/parameter_layout.h"

namespace gru {

/// A part of the flat vector of all parameters, in the host's memory.
template <class T>
struct ParameterPart {
  std::size_t offset = 0;
  std::span<T> values;
};

/// The flat vector of all parameters on a device, and a count of its changes.
class ParameterStore {
 public:
  explicit ParameterStore(ParameterLayout layout) : layout_(std::move(layout)) {}

  /// Allocates the memory. Initial values follow from `seed`. They are drawn only when they are
  /// needed, so that a caller who writes other values does not wait for them.
  Status allocate(Device& device, std::uint64_t seed);
  /// Draws the initial values, unless they were drawn or values were written. Must be called before
  /// values() and read().
  Status draw(Device& device);

  const ParameterLayout& layout() const { return layout_; }
  /// Copies all parameters; `values` has layout().count() elements.
  Status read(Device& device, std::span<float> values) const;
  Status write(Device& device, std::span<const float> values);
  /// Copies parts, each within the vector.
  Status read(Device& device, std::span<const ParameterPart<float>> parts) const;
  /// The same into the vector. All parts together count as one change. The values that no part has
  /// must be drawn or written by another call.
  Status write(Device& device, std::span<const ParameterPart<const float>> parts);

  DeviceSpan<const float> values() const { return values_.span(); }
  /// The values, to be changed in place. Each call counts as one change.
  DeviceSpan<float> mutable_values() {
    ++version_;
    return values_.span();
  }
  /// Increases with each change.
  std::uint64_t version() const { return version_; }

 private:
  ParameterLayout layout_;
  std::uint64_t seed_ = 0;
  Buffer<float> values_;
  std::uint64_t version_ = 0;
};

}  // namespace gru
