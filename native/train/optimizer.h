#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "device/buffer.h"
#include "layers/parameter_layout.h"

namespace gru {

/// An optimiser for the flat vector of all parameters: its moments, its count of updates, and the
/// options of parameters that are frozen or have their own rates.
class Optimizer {
 public:
  /// `parameters` has an element for each tensor of `layout`, or none: then all use `options`.
  Status create(Device& device, const ParameterLayout& layout, const OptimizerOptions& options,
                std::span<const ParameterOptions> parameters);

  /// Value status if a rate for an update (none: the optimiser's) gives some parameters no valid
  /// rate.
  Status check_rate(std::optional<double> learning_rate) const;
  /// Sets the gradients of frozen parameters to zero, so that they do not affect the norm.
  Status clear_frozen(Device& device, DeviceSpan<float> gradients) const;
  /// One update with a rate that check_rate accepted.
  Status update(Device& device, DeviceSpan<float> parameters, DeviceSpan<const float> gradients,
                std::optional<double> learning_rate);

  /// Sets new moments to zero, unless that was done. Must be called before they are read or
  /// written from outside. It is apart from `create` since it writes much memory, and a trainer is
  /// made on a thread that must not wait.
  Status prepare(Device& device);

  /// The number of updates so far.
  std::uint64_t updates() const { return updates_; }
  void set_updates(std::uint64_t updates) { updates_ = updates; }
  /// In the layout of the parameters; empty if the optimiser has none.
  Buffer<float>& first_moment() { return first_moment_; }
  Buffer<float>& second_moment() { return second_moment_; }
  std::size_t held_bytes() const { return bytes_of(first_moment_, second_moment_); }

 private:
  /// Neighbouring tensors with the same options.
  struct Range {
    std::size_t offset = 0;
    std::size_t count = 0;
    std::string first_name;
    ParameterOptions options;
  };

  void divide(const ParameterLayout& layout, std::span<const ParameterOptions> parameters);
  /// The rate of a range in an update whose rate is `learning_rate`.
  double rate_of(const Range& range, std::optional<double> learning_rate) const;

  OptimizerOptions options_;
  std::vector<Range> ranges_;
  std::uint64_t updates_ = 0;
  Buffer<float> first_moment_;
  Buffer<float> second_moment_;
  bool prepared_ = false;
};

}  // namespace gru
