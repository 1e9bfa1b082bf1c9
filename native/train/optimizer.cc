#include "train/optimizer.h"

#include <limits>
#include <string>

#include "base/checks.h"

namespace gru {

namespace {

bool needs_first_moment(const OptimizerOptions& options) {
  switch (options.kind) {
    case OptimizerKind::sgd:
    case OptimizerKind::rmsprop:
      return options.momentum != 0;
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return true;
  }
  return false;
}

DeviceSpan<float> part_of(DeviceSpan<float> moment, std::size_t offset, std::size_t count) {
  return moment.empty() ? moment : moment.subspan(offset, count);
}

}  // namespace

Status Optimizer::create(Device& device, const ParameterLayout& layout,
                         const OptimizerOptions& options,
                         std::span<const ParameterOptions> parameters) {
  options_ = options;
  divide(layout, parameters);
  GRU_RETURN_IF_ERROR(check_rate(std::nullopt));
  if (needs_first_moment(options)) {
    GRU_RETURN_IF_ERROR(first_moment_.reserve(device, layout.count()));
  }
  if (options.kind == OptimizerKind::sgd) return {};
  return second_moment_.reserve(device, layout.count());
}

Status Optimizer::prepare(Device& device) {
  if (prepared_) return {};
  for (Buffer<float>* const moment : {&first_moment_, &second_moment_}) {
    if (moment->size() == 0) continue;
    GRU_RETURN_IF_ERROR(device.fill(DeviceMatrix<float>(moment->span(), moment->size()), 0));
  }
  prepared_ = true;
  return {};
}

void Optimizer::divide(const ParameterLayout& layout,
                       std::span<const ParameterOptions> parameters) {
  const std::vector<ParameterSpec>& specs = layout.specs();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const ParameterOptions own = parameters.empty() ? ParameterOptions() : parameters[i];
    if (ranges_.empty() || ranges_.back().options != own) {
      ranges_.push_back({specs[i].offset, 0, specs[i].name, own});
    }
    ranges_.back().count += specs[i].count;
  }
}

double Optimizer::rate_of(const Range& range, std::optional<double> learning_rate) const {
  const double base = options_.learning_rate;
  const double own = range.options.learning_rate.value_or(base);
  if (!learning_rate) return own;
  return own == base ? *learning_rate : *learning_rate * (own / base);
}

Status Optimizer::check_rate(std::optional<double> learning_rate) const {
  for (const Range& range : ranges_) {
    if (range.options.frozen) continue;
    const double rate = rate_of(range, learning_rate);
    if (rate >= 0 && rate <= static_cast<double>(std::numeric_limits<float>::max())) continue;
    const std::string group = " the rate of the group of " + range.first_name;
    const std::string expected =
        options_.learning_rate == 0
            ? "none, since optimizer.learningRate is 0 and has no ratio to" + group
            : "one that keeps" + group + " within float32";
    return Status::value("learningRate: expected " + expected + ", got " +
                         text_of(learning_rate.value_or(rate)));
  }
  return {};
}

Status Optimizer::clear_frozen(Device& device, DeviceSpan<float> gradients) const {
  for (const Range& range : ranges_) {
    if (!range.options.frozen) continue;
    const DeviceSpan<float> part = gradients.subspan(range.offset, range.count);
    GRU_RETURN_IF_ERROR(device.fill(DeviceMatrix<float>(part, range.count), 0));
  }
  return {};
}

Status Optimizer::update(Device& device, DeviceSpan<float> parameters,
                         DeviceSpan<const float> gradients, std::optional<double> learning_rate) {
  GRU_RETURN_IF_ERROR(prepare(device));
  for (const Range& range : ranges_) {
    if (range.options.frozen) continue;
    OptimizerUpdate change;
    change.options = options_;
    change.options.learning_rate = rate_of(range, learning_rate);
    change.options.weight_decay = range.options.weight_decay.value_or(options_.weight_decay);
    change.step = updates_ + 1;
    change.parameters = parameters.subspan(range.offset, range.count);
    change.gradients = gradients.subspan(range.offset, range.count);
    change.first_moment = part_of(first_moment_.span(), range.offset, range.count);
    change.second_moment = part_of(second_moment_.span(), range.offset, range.count);
    GRU_RETURN_IF_ERROR(device.optimizer_update(change));
  }
  ++updates_;
  return {};
}

}  // namespace gru
