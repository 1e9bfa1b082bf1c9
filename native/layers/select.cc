#include "layers/select.h"

#include "device/sequence_table.h"

namespace gru {

namespace {

/// For each direction of the top layer, calls body with its columns of the joined rows and its
/// first row in the final states [L*D*batch, H].
template <class T, class Body>
Status for_each_direction(const Sequence& from, DeviceMatrix<T> joined, const Body& body) {
  const std::size_t hidden = from.hidden_size;
  const std::size_t batch = from.rows->map().batch();
  const std::size_t directions = joined.columns() / hidden;
  const std::size_t top = from.final_state.size() / hidden - directions * batch;
  for (std::size_t direction = 0; direction < directions; ++direction) {
    GRU_RETURN_IF_ERROR(
        body(joined.column_range(direction * hidden, hidden), top + direction * batch));
  }
  return {};
}

Status declare_rows(std::span<const EdgeShape> inputs, const LayerName& name, EdgeShape& output) {
  GRU_RETURN_IF_ERROR(check_values(name.option("input"), inputs[0]));
  if (inputs[0].every != Every::step) {
    return Status::value(name.option("input") +
                         ": expected a row for each step, got one row for each sequence");
  }
  output = with_width(inputs[0], inputs[0].width);
  output.every = Every::last;
  return {};
}

}  // namespace

Status SelectFinalState::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                                 ParameterLayout& /*layout*/, EdgeShape& output) {
  return declare_rows(inputs, name, output);
}

Status SelectFinalState::forward(const LayerForward& call) {
  const Sequence& from = *call.inputs[0];
  const DeviceMatrix<const float> states(from.final_state, from.hidden_size);
  return for_each_direction(from, call.output, [&](DeviceMatrix<float> columns, std::size_t first) {
    return call.device.copy(columns, states.row_range(first, columns.rows()));
  });
}

Status SelectFinalState::backward(const LayerBackward& call) {
  if (!call.d_inputs[0]->wanted()) return {};
  const Sequence& from = *call.inputs[0];
  DeviceSpan<float> state;
  bool add = false;
  GRU_RETURN_IF_ERROR(call.d_inputs[0]->open_final_state(call.device, state, add));
  const DeviceMatrix<float> d_states(state, from.hidden_size);
  return for_each_direction(
      from, call.d_output.values(), [&](DeviceMatrix<const float> columns, std::size_t first) {
        const DeviceMatrix<float> to = d_states.row_range(first, columns.rows());
        return add ? call.device.add(to, columns) : call.device.copy(to, columns);
      });
}

namespace {

/// For each sequence its last row; for each row the sequence whose last row it is, or -1.
class LastRows final : public LayerPass {
 public:
  Status load(Device& device, const RowMap& map) {
    host_.clear();
    for (std::size_t i = 0; i < map.nonempty_sequences(); ++i) {
      const auto last = static_cast<std::size_t>(map.sorted_lengths()[i] - 1);
      host_.push_back(static_cast<std::int32_t>(map.first(last) + i));
    }
    return upload(device, rows_);
  }
  Status load_sequences(Device& device, const RowMap& map) {
    host_.clear();
    for (std::size_t t = 0; t < map.steps(); ++t) {
      for (std::size_t i = 0; i < map.batch_size(t); ++i) {
        const bool last = static_cast<std::size_t>(map.sorted_lengths()[i]) == t + 1;
        host_.push_back(last ? static_cast<std::int32_t>(i) : -1);
      }
    }
    return upload(device, sequences_);
  }

  DeviceSpan<const std::int32_t> rows() const { return rows_.span(); }  ///< [nonempty sequences]
  DeviceSpan<const std::int32_t> sequences() const { return sequences_.span(); }  ///< [rows], or -1
  Buffer<float>& part() { return part_; }
  std::size_t held_bytes() const override { return bytes_of(rows_, sequences_, part_); }

 private:
  Status upload(Device& device, Buffer<std::int32_t>& table) const {
    GRU_RETURN_IF_ERROR(table.reserve(device, host_.size()));
    return host_.empty() ? Status() : device.upload(table.span(), host_);
  }

  std::vector<std::int32_t> host_;
  Buffer<std::int32_t> rows_;
  Buffer<std::int32_t> sequences_;
  Buffer<float> part_;
};

struct Means final : LayerPass {
  SequenceTable table;
  Buffer<float> part;

  std::size_t held_bytes() const override { return table.held_bytes() + part.bytes(); }
};

}  // namespace

Status SelectLast::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                           ParameterLayout& /*layout*/, EdgeShape& output) {
  return declare_rows(inputs, name, output);
}

std::unique_ptr<LayerPass> SelectLast::make_pass() const { return std::make_unique<LastRows>(); }

Status SelectLast::forward(const LayerForward& call) {
  auto& last = static_cast<LastRows&>(*call.pass);
  GRU_RETURN_IF_ERROR(last.load(call.device, call.inputs[0]->rows->map()));
  return call.device.gather_rows(call.output, call.inputs[0]->values, last.rows());
}

Status SelectLast::backward(const LayerBackward& call) {
  if (!call.d_inputs[0]->wanted()) return {};
  auto& last = static_cast<LastRows&>(*call.pass);
  GRU_RETURN_IF_ERROR(last.load_sequences(call.device, call.inputs[0]->rows->map()));
  return call.d_inputs[0]->accumulate(call.device, last.part(), [&](DeviceMatrix<float> d_input) {
    return call.device.gather_rows(d_input, call.d_output.values(), last.sequences());
  });
}

Status SelectMean::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                           ParameterLayout& /*layout*/, EdgeShape& output) {
  return declare_rows(inputs, name, output);
}

std::unique_ptr<LayerPass> SelectMean::make_pass() const { return std::make_unique<Means>(); }

Status SelectMean::forward(const LayerForward& call) {
  SequenceTable& table = static_cast<Means&>(*call.pass).table;
  GRU_RETURN_IF_ERROR(table.load(call.device, call.inputs[0]->rows->map(), Every::step));
  return call.device.sequence_means(call.output, call.inputs[0]->values, table.rows());
}

Status SelectMean::backward(const LayerBackward& call) {
  auto& kept = static_cast<Means&>(*call.pass);
  return call.d_inputs[0]->accumulate(call.device, kept.part, [&](DeviceMatrix<float> d_input) {
    return call.device.spread_means(d_input, call.d_output.values(), kept.table.rows());
  });
}

}  // namespace gru
