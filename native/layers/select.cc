#include "layers/select.h"

namespace gru {

namespace {

/// Calls body(columns of the joined rows, rows of the final states [L*D*batch, H]) for each
/// direction of the top layer.
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

}  // namespace

Status SelectLast::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                           ParameterLayout& /*layout*/, EdgeShape& output) {
  if (!inputs[0].recurrent) {
    return Status::value(name.option("input") + ": expected a recurrent layer, got another input");
  }
  output = inputs[0];
  output.every = Every::last;
  output.recurrent = false;
  return {};
}

Status SelectLast::forward(const LayerForward& call) {
  const Sequence& from = *call.inputs[0];
  const DeviceMatrix<const float> states(from.final_state, from.hidden_size);
  return for_each_direction(from, call.output, [&](DeviceMatrix<float> columns, std::size_t first) {
    return call.device.copy(columns, states.row_range(first, columns.rows()));
  });
}

Status SelectLast::backward(const LayerBackward& call) {
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

}  // namespace gru
