#include "model/recurrent_module.h"

#include <utility>

#include "base/checks.h"
#include "layers/initialization.h"

namespace gru {

Status RecurrentModule::create(const RecurrentOptions& options, std::unique_ptr<Device> device,
                               std::uint64_t seed,
                               std::unique_ptr<RecurrentModule>& layer) noexcept {
  return guarded([&]() -> Status {
    ParameterLayout layout;
    RecurrentStack stack;
    GRU_RETURN_IF_ERROR(stack.declare(options, {}, layout));
    std::unique_ptr<RecurrentModule> made(
        new RecurrentModule(options, std::move(device), std::move(stack), std::move(layout)));
    made->seed_ = seed;
    GRU_RETURN_IF_ERROR(made->store_.allocate(*made->device_, seed));
    layer = std::move(made);
    return {};
  });
}

Status RecurrentModule::read_parameters(std::span<float> values) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(store_.draw(*device_));
    return store_.read(*device_, values);
  });
}

Status RecurrentModule::write_parameters(std::span<const float> values) noexcept {
  return guarded([&] { return store_.write(*device_, values); });
}

Status RecurrentModule::read_parameters(std::span<const ParameterPart<float>> parts) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(store_.draw(*device_));
    return store_.read(*device_, parts);
  });
}

Status RecurrentModule::write_parameters(
    std::span<const ParameterPart<const float>> parts) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(store_.draw(*device_));
    return store_.write(*device_, parts);
  });
}

Status RecurrentModule::forward(const RecurrentCall& call) noexcept {
  return guarded([&] { return run_forward(call); });
}

Status RecurrentModule::forward_training(const RecurrentCall& call,
                                         std::unique_ptr<RecurrentPass>& pass) noexcept {
  return guarded([&] { return run_forward_training(call, pass); });
}

Status RecurrentModule::backward(RecurrentPass& pass, const RecurrentGradientCall& call) noexcept {
  return guarded([&] { return run_backward(pass, call); });
}

void RecurrentModule::trim() noexcept {
  spare_ = {};
  lanes_.trim();
  stack_.trim();
  loaded_.forget();
}

Status RecurrentModule::open(Lane& lane) {
  GRU_RETURN_IF_ERROR(
      loaded_.ensure(store_, *device_, [this] { return stack_.load(*device_, store_.values()); }));
  return lanes_.borrow(lane);
}

// `loaded` stays empty if `state` is empty.
Status RecurrentModule::load_state(Device& device, std::span<const float> state,
                                   const DeviceRows& rows, Buffer<float>& staged,
                                   Buffer<float>& sorted, DeviceSpan<const float>& loaded) const {
  if (state.empty()) return {};
  DeviceSpan<const float> given;
  GRU_RETURN_IF_ERROR(stage_input(device, state, staged, given));
  GRU_RETURN_IF_ERROR(sorted.reserve(device, given.size()));
  GRU_RETURN_IF_ERROR(rows.sort_batch(device, given, sorted.span(), options_.hidden_size));
  loaded = sorted.span();
  return {};
}

Status RecurrentModule::store_state(Device& device, const DeviceRows& rows,
                                    DeviceSpan<const float> sorted, Buffer<float>& staged,
                                    std::span<float> state) const {
  StagedOutput target;
  GRU_RETURN_IF_ERROR(target.open(device, state, staged));
  GRU_RETURN_IF_ERROR(rows.unsort_batch(device, sorted, target.view(), options_.hidden_size));
  return target.finish();
}

Status RecurrentModule::store_states(const Lane& lane, const DeviceRows& rows,
                                     const RecurrentActivations& activations,
                                     const RecurrentCall& call) const {
  Device& device = lane.device();
  if (has_cell()) {
    GRU_RETURN_IF_ERROR(store_state(device, rows, activations.final_cell.span(),
                                    lane.memory().cell.staged_final, call.cell));
  }
  return store_state(device, rows, activations.final_state.span(), lane.memory().state.staged_final,
                     call.state);
}

Status RecurrentModule::run_forward(const RecurrentCall& call) {
  Lane lane;
  GRU_RETURN_IF_ERROR(open(lane));
  Device& device = lane.device();
  CallMemory& memory = lane.memory();
  GRU_RETURN_IF_ERROR(memory.rows.load(device, call.shape, options_.batch_first));
  const std::size_t width = options_.output_size();

  DeviceSpan<const float> input;
  GRU_RETURN_IF_ERROR(stage_input(device, call.input, memory.staged_input, input));
  RecurrentInput pass;
  pass.rows = &memory.rows;
  pass.abort = call.abort;
  GRU_RETURN_IF_ERROR(memory.rows.pack(device,
                                       DeviceMatrix<const float>(input, options_.input_size),
                                       memory.packed_input, pass.input));
  GRU_RETURN_IF_ERROR(load_state(device, call.initial_state, memory.rows, memory.state.staged,
                                 memory.state.sorted, pass.initial_state));
  GRU_RETURN_IF_ERROR(load_state(device, call.initial_cell, memory.rows, memory.cell.staged,
                                 memory.cell.sorted, pass.initial_cell));

  StagedOutput target;
  GRU_RETURN_IF_ERROR(target.open(device, call.output, memory.staged_output));
  const DeviceMatrix<float> padded(target.view(), width);
  DeviceMatrix<float> packed = padded;
  if (!memory.rows.map().is_identity()) {
    GRU_RETURN_IF_ERROR(
        memory.packed_output.reserve(device, CheckedSize(memory.rows.map().rows()) * width));
    packed = DeviceMatrix<float>(memory.packed_output.span(), width);
  }
  GRU_RETURN_IF_ERROR(stack_.forward(device, pass, packed, memory.activations));
  GRU_RETURN_IF_ERROR(memory.rows.unpack(device, packed, padded));
  GRU_RETURN_IF_ERROR(target.finish());
  return store_states(lane, memory.rows, memory.activations, call);
}

RecurrentInput RecurrentModule::pass_input(RecurrentPass& pass, const AbortFlag* abort) const {
  RecurrentInput input;
  input.rows = &pass.rows;
  input.input = DeviceMatrix<const float>(pass.input.span(), options_.input_size);
  if (pass.has_initial_state) input.initial_state = pass.initial_state.span();
  if (pass.has_initial_cell) input.initial_cell = pass.initial_cell.span();
  input.dropout = {seed_, dropout_stream + pass.number * options_.num_layers, options_.dropout};
  input.abort = abort;
  return input;
}

// A pass outlives the caller's arrays, so it keeps its own copy of the input.
Status RecurrentModule::keep_input(const Lane& lane, const RecurrentCall& call,
                                   RecurrentPass& pass) const {
  Device& device = lane.device();
  CallMemory& memory = lane.memory();
  DeviceSpan<const float> staged;
  GRU_RETURN_IF_ERROR(stage_input(device, call.input, memory.staged_input, staged));
  const DeviceMatrix<const float> padded(staged, options_.input_size);
  DeviceMatrix<const float> packed;
  GRU_RETURN_IF_ERROR(pass.rows.pack(device, padded, pass.input, packed));
  if (packed.data() == padded.data()) {
    GRU_RETURN_IF_ERROR(pass.input.reserve(device, staged.size()));
    GRU_RETURN_IF_ERROR(
        device.copy(DeviceMatrix<float>(pass.input.span(), options_.input_size), padded));
  }
  DeviceSpan<const float> state;
  DeviceSpan<const float> cell;
  GRU_RETURN_IF_ERROR(load_state(device, call.initial_state, pass.rows, memory.state.staged,
                                 pass.initial_state, state));
  GRU_RETURN_IF_ERROR(load_state(device, call.initial_cell, pass.rows, memory.cell.staged,
                                 pass.initial_cell, cell));
  pass.has_initial_state = !state.empty();
  pass.has_initial_cell = !cell.empty();
  return {};
}

Status RecurrentModule::run_forward_training(const RecurrentCall& call,
                                             std::unique_ptr<RecurrentPass>& result) {
  Lane lane;
  GRU_RETURN_IF_ERROR(open(lane));
  Device& device = lane.device();
  CallMemory& memory = lane.memory();
  auto pass = std::make_unique<RecurrentPass>(std::exchange(spare_, RecurrentPass()));
  pass->used = false;
  GRU_RETURN_IF_ERROR(pass->rows.load(device, call.shape, options_.batch_first));
  GRU_RETURN_IF_ERROR(keep_input(lane, call, *pass));
  pass->version = store_.version();
  pass->number = passes_;

  const std::size_t width = options_.output_size();
  GRU_RETURN_IF_ERROR(pass->output.reserve(device, CheckedSize(pass->rows.map().rows()) * width));
  const DeviceMatrix<float> packed(pass->output.span(), width);
  GRU_RETURN_IF_ERROR(
      stack_.forward_training(device, pass_input(*pass, call.abort), packed, pass->activations));
  StagedOutput target;
  GRU_RETURN_IF_ERROR(target.open(device, call.output, memory.staged_output));
  GRU_RETURN_IF_ERROR(pass->rows.unpack(device, packed, DeviceMatrix<float>(target.view(), width)));
  GRU_RETURN_IF_ERROR(target.finish());
  GRU_RETURN_IF_ERROR(store_states(lane, pass->rows, pass->activations, call));
  ++passes_;  // an aborted pass does not count: it used no masks
  result = std::move(pass);
  return {};
}

Status RecurrentModule::run_backward(RecurrentPass& pass, const RecurrentGradientCall& call) {
  if (pass.used) return Status::value("pass: expected one backward call, got a second one");
  if (pass.version != store_.version()) {
    return Status::value(
        "pass: expected the parameters of its forward call, got parameters changed since");
  }
  const RowMap& map = pass.rows.map();
  Lane lane;
  GRU_RETURN_IF_ERROR(open(lane));
  Device& device = lane.device();
  CallMemory& memory = lane.memory();
  pass.used = true;

  RecurrentGradients gradients;
  DeviceSpan<const float> staged;
  GRU_RETURN_IF_ERROR(stage_input(device, call.d_output, memory.staged_output, staged));
  if (!staged.empty()) {
    GRU_RETURN_IF_ERROR(pass.rows.pack(device,
                                       DeviceMatrix<const float>(staged, options_.output_size()),
                                       memory.packed_gradient, gradients.d_output));
  }
  GRU_RETURN_IF_ERROR(load_state(device, call.d_state, pass.rows, memory.state.staged,
                                 memory.state.sorted_final_gradient, gradients.d_state));
  GRU_RETURN_IF_ERROR(load_state(device, call.d_cell, pass.rows, memory.cell.staged,
                                 memory.cell.sorted_final_gradient, gradients.d_cell));

  StagedOutput d_input;
  StagedOutput parameters;
  GRU_RETURN_IF_ERROR(d_input.open(device, call.d_input, memory.staged_input));
  GRU_RETURN_IF_ERROR(parameters.open(device, call.parameters, memory.staged_parameters));
  const DeviceMatrix<float> padded_d_input(d_input.view(), options_.input_size);
  gradients.d_input = padded_d_input;
  if (!map.is_identity()) {
    GRU_RETURN_IF_ERROR(
        memory.packed_d_input.reserve(device, CheckedSize(map.rows()) * options_.input_size));
    gradients.d_input = DeviceMatrix<float>(memory.packed_d_input.span(), options_.input_size);
  }
  GRU_RETURN_IF_ERROR(
      memory.state.sorted_initial_gradient.reserve(device, state_count(map.batch())));
  gradients.d_initial_state = memory.state.sorted_initial_gradient.span();
  if (has_cell()) {
    GRU_RETURN_IF_ERROR(
        memory.cell.sorted_initial_gradient.reserve(device, state_count(map.batch())));
    gradients.d_initial_cell = memory.cell.sorted_initial_gradient.span();
  }
  gradients.parameters = parameters.view();

  GRU_RETURN_IF_ERROR(
      stack_.backward(device, pass_input(pass, call.abort), pass.activations, gradients));
  GRU_RETURN_IF_ERROR(pass.rows.unpack(device, gradients.d_input, padded_d_input));
  GRU_RETURN_IF_ERROR(d_input.finish());
  GRU_RETURN_IF_ERROR(store_state(device, pass.rows, gradients.d_initial_state,
                                  memory.state.staged_final, call.d_initial_state));
  if (has_cell()) {
    GRU_RETURN_IF_ERROR(store_state(device, pass.rows, gradients.d_initial_cell,
                                    memory.cell.staged_final, call.d_initial_cell));
  }
  GRU_RETURN_IF_ERROR(parameters.finish());
  spare_ = std::move(pass);
  return {};
}

}  // namespace gru
