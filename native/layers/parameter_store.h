#pragma once

#include <cstdint>
#include <span>

#include "device/buffer.h"
#include "layers/parameter_layout.h"

namespace gru {

/// The flat vector of all parameters on a device, and how often it changed.
class ParameterStore {
 public:
  explicit ParameterStore(ParameterLayout layout) : layout_(std::move(layout)) {}

  /// Makes room. Initial values follow from `seed`; they are drawn when first needed, so that
  /// whoever brings values of his own does not wait for them.
  Status allocate(Device& device, std::uint64_t seed);
  /// Draws the initial values unless that was done, or values were written. Before values() and
  /// read().
  Status draw(Device& device);

  const ParameterLayout& layout() const { return layout_; }
  /// Copies all parameters; `values` has layout().count() elements.
  Status read(Device& device, std::span<float> values) const;
  Status write(Device& device, std::span<const float> values);

  DeviceSpan<const float> values() const { return values_.span(); }
  /// The values, to be changed in place; counts as one change.
  DeviceSpan<float> mutable_values() {
    ++version_;
    return values_.span();
  }
  /// Rises with each change.
  std::uint64_t version() const { return version_; }

 private:
  ParameterLayout layout_;
  std::uint64_t seed_ = 0;
  Buffer<float> values_;
  std::uint64_t version_ = 0;
};

}  // namespace gru
