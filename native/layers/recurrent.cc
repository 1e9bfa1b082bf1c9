#include "layers/recurrent.h"

#include "device/sequence_table.h"

namespace gru {

struct KeptStates final : LayerPass {
  RecurrentActivations activations;
  /// Before the first step, [L*D, batch, H], sorted; empty: zero.
  DeviceSpan<const float> first_state;
  DeviceSpan<const float> first_cell;
  // Where first_state comes from a layer:
  SequenceMatch from_rows;        ///< of this layer's sequences, the rows that have their states
  SequenceMatch to_rows;          ///< the way back
  Buffer<float> initial_state;    ///< [L*D, batch, H], sorted
  Buffer<float> d_initial_state;  ///< the same
  Buffer<float> d_rows;           ///< [rows, L*D*H], a contribution to the rows' gradient

  std::size_t held_bytes() const override {
    return activations.held_bytes() + from_rows.held_bytes() + to_rows.held_bytes() +
           bytes_of(initial_state, d_initial_state, d_rows);
  }
};

namespace {

KeptStates& kept_in(LayerPass* pass) { return static_cast<KeptStates&>(*pass); }

}  // namespace

Status Recurrent::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                          ParameterLayout& layout, EdgeShape& output) {
  GRU_RETURN_IF_ERROR(check_values(name.option("input"), inputs[0]));
  if (inputs[0].every != Every::step) {
    return Status::value(name.option("input") +
                         ": expected a sequence of values, got one row for each sequence");
  }
  options_.input_size = inputs[0].width;
  output = with_width(inputs[0], options_.output_size());
  output.recurrent = true;
  GRU_RETURN_IF_ERROR(stack_.declare(options_, name, layout));
  reads_initial_state_ = inputs.size() > 1;
  return reads_initial_state_ ? check_initial_state(inputs[1], name) : Status();
}

std::vector<StateShape> Recurrent::states() const {
  const StateShape shape{StateKind::state, blocks(), options_.hidden_size, reads_initial_state_};
  std::vector<StateShape> shapes{shape};
  if (options_.spec().states > 1) {
    shapes.push_back(shape);
    shapes.back().kind = StateKind::cell;
  }
  return shapes;
}

Status Recurrent::check_initial_state(const EdgeShape& shape, const LayerName& name) const {
  const std::string option = name.option("initialState");
  GRU_RETURN_IF_ERROR(check_values(option, shape));
  if (shape.every == Every::step) {
    return Status::value(option + ": expected one row for each sequence, got a row for each step");
  }
  const std::size_t width = blocks() * options_.hidden_size;
  if (shape.width == width) return {};
  return Status::value(option + ": expected rows of numLayers * directions * hiddenSize = " +
                       std::to_string(width) + " values, got " + std::to_string(shape.width));
}

Status Recurrent::load(Device& device, DeviceSpan<const float> parameters) {
  return stack_.load(device, parameters);
}

std::unique_ptr<LayerPass> Recurrent::make_pass() const { return std::make_unique<KeptStates>(); }

Status Recurrent::load_initial_state(const LayerForward& call, KeptStates& kept) const {
  Device& device = call.device;
  const RowMap& map = call.inputs[0]->rows->map();
  const Sequence& rows = *call.inputs[1];
  const std::size_t hidden = options_.hidden_size;
  const std::size_t batch = map.batch();
  GRU_RETURN_IF_ERROR(kept.from_rows.load(device, map, rows.rows->map(), call.other_sequences));
  GRU_RETURN_IF_ERROR(kept.initial_state.reserve(device, CheckedSize(blocks()) * batch * hidden));
  const DeviceMatrix<float> states(kept.initial_state.span(), hidden);
  for (std::size_t block = 0; block < blocks(); ++block) {
    GRU_RETURN_IF_ERROR(device.gather_rows(states.row_range(block * batch, batch),
                                           rows.values.column_range(block * hidden, hidden),
                                           kept.from_rows.positions()));
  }
  return {};
}

Status Recurrent::return_initial_state(const LayerBackward& call, KeptStates& kept) const {
  const std::size_t hidden = options_.hidden_size;
  const Sequence& rows = *call.inputs[1];
  const RowMap& map = call.inputs[0]->rows->map();
  GRU_RETURN_IF_ERROR(kept.to_rows.load(call.device, rows.rows->map(), map));
  const DeviceMatrix<const float> states(kept.d_initial_state.span(), hidden);
  return call.d_inputs[1]->accumulate(
      call.device, kept.d_rows, [&](DeviceMatrix<float> d_rows) -> Status {
        for (std::size_t block = 0; block < blocks(); ++block) {
          GRU_RETURN_IF_ERROR(
              call.device.gather_rows(d_rows.column_range(block * hidden, hidden),
                                      states.row_range(block * map.batch(), map.batch()),
                                      kept.to_rows.positions().subspan(0, d_rows.rows())));
        }
        return {};
      });
}

Status Recurrent::load_initial_states(const LayerForward& call, KeptStates& kept) const {
  kept.first_state = {};
  kept.first_cell = {};
  if (!call.initial_states.empty()) kept.first_state = call.initial_states[0];
  if (call.initial_states.size() > 1) kept.first_cell = call.initial_states[1];
  if (!reads_initial_state_ || !kept.first_state.empty()) return {};
  GRU_RETURN_IF_ERROR(load_initial_state(call, kept));
  kept.first_state = kept.initial_state.span();
  return {};
}

template <class Call>
RecurrentInput Recurrent::input_of(const Call& call, const KeptStates& kept) const {
  RecurrentInput input;
  input.rows = call.inputs[0]->rows;
  input.input = call.inputs[0]->values;
  input.initial_state = kept.first_state;
  input.initial_cell = kept.first_cell;
  input.dropout = call.dropout;
  input.dropout.probability = options_.dropout;
  input.shared_reserve = call.shared_reserve;
  input.abort = call.abort;
  return input;
}

Status Recurrent::forward(const LayerForward& call) {
  KeptStates& kept = kept_in(call.pass);
  GRU_RETURN_IF_ERROR(load_initial_states(call, kept));
  const RecurrentInput input = input_of(call, kept);
  RecurrentActivations& activations = kept.activations;
  GRU_RETURN_IF_ERROR(call.mode == PassMode::training
                          ? stack_.forward_training(call.device, input, call.output, activations)
                          : stack_.forward(call.device, input, call.output, activations));
  call.edge.final_state = activations.final_state.span();
  call.edge.final_cell = activations.final_cell.span();
  call.edge.hidden_size = options_.hidden_size;
  return {};
}

Status Recurrent::backward(const LayerBackward& call) {
  KeptStates& kept = kept_in(call.pass);
  const RecurrentInput input = input_of(call, kept);
  RecurrentGradients gradients;
  gradients.d_output = call.d_output.values();
  gradients.d_state = call.d_output.final_state();
  gradients.parameters = call.gradients;
  if (call.d_inputs[0]->wanted()) {
    GRU_RETURN_IF_ERROR(
        call.d_inputs[0]->open(call.device, gradients.d_input, gradients.add_to_d_input));
  }
  const bool returns_state = reads_initial_state_ && call.d_inputs[1]->wanted();
  if (returns_state) {
    GRU_RETURN_IF_ERROR(kept.d_initial_state.reserve(call.device, kept.initial_state.size()));
    gradients.d_initial_state = kept.d_initial_state.span();
  }
  GRU_RETURN_IF_ERROR(stack_.backward(call.device, input, kept.activations, gradients));
  return returns_state ? return_initial_state(call, kept) : Status();
}

}  // namespace gru
