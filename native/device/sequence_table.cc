#include "device/sequence_table.h"

namespace gru {

namespace {

Status upload(Device& device, const std::vector<std::int32_t>& host, Buffer<std::int32_t>& table) {
  GRU_RETURN_IF_ERROR(table.reserve(device, host.size()));
  return host.empty() ? Status() : device.upload(table.span(), host);
}

}  // namespace

Status SequenceTable::load(Device& device, const RowMap& map, Every every) {
  const bool each_step = every == Every::step;
  const std::size_t steps = each_step ? map.steps() : std::size_t{map.nonempty_sequences() > 0};
  host_.clear();
  for (std::size_t t = 0; t < steps; ++t) host_.push_back(static_cast<std::int32_t>(map.first(t)));
  for (std::size_t i = 0; i < map.nonempty_sequences(); ++i) {
    host_.push_back(each_step ? map.sorted_lengths()[i] : 1);
  }
  GRU_RETURN_IF_ERROR(upload(device, host_, table_));
  const DeviceSpan<const std::int32_t> table = table_.span();
  rows_ = {map.nonempty_sequences(), steps, table.subspan(0, steps),
           table.subspan(steps, map.nonempty_sequences())};
  return {};
}

Status SequenceMatch::load(Device& device, const RowMap& of, const RowMap& other,
                           std::span<const std::int32_t> other_sequences) {
  host_.clear();
  for (std::size_t i = 0; i < of.batch(); ++i) {
    const std::size_t own = of.keeps_order() ? i : static_cast<std::size_t>(of.sorted_indices()[i]);
    const std::size_t sequence =
        other_sequences.empty() ? own : static_cast<std::size_t>(other_sequences[own]);
    const std::size_t position = other.keeps_order()
                                     ? sequence
                                     : static_cast<std::size_t>(other.unsorted_indices()[sequence]);
    host_.push_back(position < other.nonempty_sequences() ? static_cast<std::int32_t>(position)
                                                          : -1);
  }
  return upload(device, host_, table_);
}

}  // namespace gru
