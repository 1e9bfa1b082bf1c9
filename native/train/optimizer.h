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

/// An optimiser over the flat vector of all parameters: its moments, its count of updates, and
/// which parameters are frozen or have rates of their own.
class Optimizer {
 public:
  /// `parameters` has an element for each tensor of `layout`, or none: all follow `options`.
  Status create(Device& device, const ParameterLayout& layout, const OptimizerOptions& options,
                std::span<const ParameterOptions> parameters);

  /// Refuses the rate of an update (none: the optimiser's own) that some parameters cannot have.
  Status check_rate(std::optional<double> learning_rate) const;
  /// Zeros the gradients of frozen parameters, so that they count nowhere.
  Status clear_frozen(Device& device, DeviceSpan<float> gradients) const;
  /// One update, by a rate that was checked.
  Status update(Device& device, DeviceSpan<float> parameters, DeviceSpan<const float> gradients,
                std::optional<double> learning_rate);

  /// Updates that were done.
  std::uint64_t updates() const { return updates_; }
  void set_updates(std::uint64_t updates) { updates_ = updates; }
  /// In the layout of the parameters; empty where the optimiser has none.
  Buffer<float>& first_moment() { return first_moment_; }
  Buffer<float>& second_moment() { return second_moment_; }

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
};

}  // namespace gru
