#include "train/ctc_loss.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace gru {

namespace {

std::size_t states_of(std::size_t labels) { return 2 * labels + 1; }

/// The smallest number of steps for the labels: one for each, and one between equal neighbours.
std::size_t needed_steps(std::span<const std::int32_t> labels) {
  std::size_t needed = labels.size();
  for (std::size_t i = 1; i < labels.size(); ++i) {
    if (labels[i] == labels[i - 1]) ++needed;
  }
  return needed;
}

/// The class of a state: every second state is the blank.
std::int32_t symbol_of(std::span<const std::int32_t> labels, std::size_t state) {
  return state % 2 == 0 ? ctc_blank : labels[state / 2];
}

}  // namespace

std::size_t CtcLoss::label_index(std::size_t sequence, std::size_t label) const {
  return batch_first_ ? sequence * most_labels_ + label : label * batch_ + sequence;
}

Status CtcLoss::check_lengths(const Target& target, std::size_t most) const {
  for (std::size_t b = 0; b < target.label_lengths.size(); ++b) {
    const std::int32_t length = target.label_lengths[b];
    if (length >= 0 && static_cast<std::size_t>(length) <= most) continue;
    return Status::value(target_name_ + ".lengths[" + std::to_string(b) +
                         "]: expected an integer from 0 to " + std::to_string(most) + ", got " +
                         std::to_string(length));
  }
  return {};
}

/// Copies the sequence's labels into labels_.
Status CtcLoss::check_labels(const Target& target, std::size_t sequence, std::size_t classes) {
  labels_.clear();
  const auto count = static_cast<std::size_t>(target.label_lengths[sequence]);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = label_index(sequence, i);
    const std::int32_t label = target.labels[index];
    if (label <= ctc_blank || static_cast<std::size_t>(label) >= classes) {
      return Status::value(target_name_ + ".labels[" + std::to_string(index) +
                           "]: expected a label from 1 to " + std::to_string(classes - 1) +
                           " (0 is the blank), got " + std::to_string(label));
    }
    labels_.push_back(label);
  }
  return {};
}

void CtcLoss::lay_out(const RowMap& map, std::span<const std::int32_t> label_lengths) {
  std::int32_t most = 0;
  for (const std::int32_t length : label_lengths) most = std::max(most, length);
  most_states_ = states_of(static_cast<std::size_t>(most));
  table_.assign(map.steps() + 1 + 2 * batch_ * (1 + most_states_), 0);
  for (std::size_t t = 0; t <= map.steps(); ++t) {
    table_[t] = static_cast<std::int32_t>(map.first(t));
  }
  std::ranges::copy(map.sorted_lengths(),
                    table_.begin() + static_cast<std::ptrdiff_t>(map.steps()) + 1);
}

/// Writes the states of the sequence whose labels are in labels_. `position` is its position in the
/// sorted batch.
void CtcLoss::write_states(const RowMap& map, std::size_t position, std::size_t sequence) {
  const auto steps = static_cast<std::size_t>(map.sorted_lengths()[position]);
  if (needed_steps(labels_) > steps) {
    impossible_.push_back(static_cast<std::int32_t>(sequence));
    return;
  }
  if (steps == 0) return;
  const std::size_t states = states_of(labels_.size());
  const std::span<std::int32_t> counts =
      std::span(table_).subspan(map.steps() + 1 + batch_, batch_);
  const std::span<std::int32_t> tables = std::span(table_).subspan(map.steps() + 1 + 2 * batch_);
  const std::span<std::int32_t> symbols = tables.subspan(position * most_states_, states);
  const std::span<std::int32_t> order = tables.subspan((batch_ + position) * most_states_, states);
  counts[position] = static_cast<std::int32_t>(states);
  for (std::size_t s = 0; s < states; ++s) symbols[s] = symbol_of(labels_, s);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](std::int32_t a, std::int32_t b) {
    const std::int32_t first = symbols[static_cast<std::size_t>(a)];
    const std::int32_t second = symbols[static_cast<std::size_t>(b)];
    return first != second ? first < second : a < b;
  });
}

Status CtcLoss::check_targets(const EdgeShape& shape, const RowMap& map, const Target& target) {
  batch_ = map.batch();
  most_labels_ = target.labels.size() / batch_;
  GRU_RETURN_IF_ERROR(check_lengths(target, most_labels_));
  lay_out(map, target.label_lengths);
  for (std::size_t b = 0; b < batch_; ++b) {
    GRU_RETURN_IF_ERROR(check_labels(target, b, shape.width));
    write_states(map, map.keeps_order() ? b : static_cast<std::size_t>(map.unsorted_indices()[b]),
                 b);
  }
  denominator_ = static_cast<double>(batch_);
  return {};
}

Status CtcLoss::compute(Device& device, const Sequence& output, const Target&,
                        DeviceMatrix<float> gradient, DeviceSpan<StepMetrics> metrics) {
  const std::size_t steps = output.rows->map().steps();
  GRU_RETURN_IF_ERROR(
      lattice_.reserve(device, CheckedSize(batch_) * CtcCall::lattice_size(steps, most_states_)));
  DeviceSpan<const std::int32_t> table;
  GRU_RETURN_IF_ERROR(stage_input(device, std::span<const std::int32_t>(table_), staged_, table));
  std::size_t read = 0;
  const auto next = [&](std::size_t count) {
    read += count;
    return table.subspan(read - count, count);
  };
  CtcCall call;
  fill(call, output, gradient, metrics);
  call.first = next(steps + 1);
  call.lengths = next(batch_);
  call.states = next(batch_);
  call.symbols = {next(batch_ * most_states_), most_states_};
  call.by_symbol = {next(batch_ * most_states_), most_states_};
  call.lattice = lattice_.span();
  return device.ctc(call);
}

}  // namespace gru
