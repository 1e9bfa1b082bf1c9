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

Status RecurrentModule::refresh() {
  GRU_RETURN_IF_ERROR(store_.draw(*device_));
  if (loaded_version_ == store_.version()) return {};
  GRU_RETURN_IF_ERROR(stack_.load(*device_, store_.values()));
  loaded_version_ = store_.version();
  return {};
}

// `loaded` stays empty if `state` is empty.
Status RecurrentModule::load_state(std::span<const float> state, const DeviceRows& rows,
                                   Buffer<float>& staged, Buffer<float>& sorted,
                                   DeviceSpan<const float>& loaded) {
  if (state.empty()) return {};
  DeviceSpan<const float> given;
  GRU_RETURN_IF_ERROR(stage_input(*device_, state, staged, given));
  GRU_RETURN_IF_ERROR(sorted.reserve(*device_, given.size()));
  GRU_RETURN_IF_ERROR(rows.sort_batch(*device_, given, sorted.span(), options_.hidden_size));
  loaded = sorted.span();
  return {};
}

Status RecurrentModule::store_state(const DeviceRows& rows, DeviceSpan<const float> sorted,
                                    Buffer<float>& staged, std::span<float> state) {
  StagedOutput target;
  GRU_RETURN_IF_ERROR(target.open(*device_, state, staged));
  GRU_RETURN_IF_ERROR(rows.unsort_batch(*device_, sorted, target.view(), options_.hidden_size));
  return target.finish();
}

Status RecurrentModule::store_states(const DeviceRows& rows,
                                     const RecurrentActivations& activations,
                                     const RecurrentCall& call) {
  if (has_cell()) {
    GRU_RETURN_IF_ERROR(
        store_state(rows, activations.final_cell.span(), cell_.staged_final, call.cell));
  }
  return store_state(rows, activations.final_state.span(), state_.staged_final, call.state);
}

Status RecurrentModule::run_forward(const RecurrentCall& call) {
  GRU_RETURN_IF_ERROR(rows_.load(*device_, call.shape, options_.batch_first));
  GRU_RETURN_IF_ERROR(refresh());
  const std::size_t width = options_.output_size();

  DeviceSpan<const float> input;
  GRU_RETURN_IF_ERROR(stage_input(*device_, call.input, staged_input_, input));
  RecurrentInput pass;
  pass.rows = &rows_;
  pass.abort = call.abort;
  GRU_RETURN_IF_ERROR(rows_.pack(*device_, DeviceMatrix<const float>(input, options_.input_size),
                                 packed_input_, pass.input));
  GRU_RETURN_IF_ERROR(
      load_state(call.initial_state, rows_, state_.staged, state_.sorted, pass.initial_state));
  GRU_RETURN_IF_ERROR(
      load_state(call.initial_cell, rows_, cell_.staged, cell_.sorted, pass.initial_cell));

  StagedOutput target;
  GRU_RETURN_IF_ERROR(target.open(*device_, call.output, staged_output_));
  const DeviceMatrix<float> padded(target.view(), width);
  DeviceMatrix<float> packed = padded;
  if (!rows_.map().is_identity()) {
    GRU_RETURN_IF_ERROR(packed_output_.reserve(*device_, CheckedSize(rows_.map().rows()) * width));
    packed = DeviceMatrix<float>(packed_output_.span(), width);
  }
  GRU_RETURN_IF_ERROR(stack_.forward(*device_, pass, packed, activations_));
  GRU_RETURN_IF_ERROR(rows_.unpack(*device_, packed, padded));
  GRU_RETURN_IF_ERROR(target.finish());
  return store_states(rows_, activations_, call);
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
Status RecurrentModule::keep_input(const RecurrentCall& call, RecurrentPass& pass) {
  DeviceSpan<const float> staged;
  GRU_RETURN_IF_ERROR(stage_input(*device_, call.input, staged_input_, staged));
  const DeviceMatrix<const float> padded(staged, options_.input_size);
  DeviceMatrix<const float> packed;
  GRU_RETURN_IF_ERROR(pass.rows.pack(*device_, padded, pass.input, packed));
  if (packed.data() == padded.data()) {
    GRU_RETURN_IF_ERROR(pass.input.reserve(*device_, staged.size()));
    GRU_RETURN_IF_ERROR(
        device_->copy(DeviceMatrix<float>(pass.input.span(), options_.input_size), padded));
  }
  DeviceSpan<const float> state;
  DeviceSpan<const float> cell;
  GRU_RETURN_IF_ERROR(
      load_state(call.initial_state, pass.rows, state_.staged, pass.initial_state, state));
  GRU_RETURN_IF_ERROR(
      load_state(call.initial_cell, pass.rows, cell_.staged, pass.initial_cell, cell));
  pass.has_initial_state = !state.empty();
  pass.has_initial_cell = !cell.empty();
  return {};
}

Status RecurrentModule::run_forward_training(const RecurrentCall& call,
                                             std::unique_ptr<RecurrentPass>& result) {
  auto pass = std::make_unique<RecurrentPass>(std::exchange(spare_, RecurrentPass()));
  pass->used = false;
  GRU_RETURN_IF_ERROR(pass->rows.load(*device_, call.shape, options_.batch_first));
  GRU_RETURN_IF_ERROR(refresh());
  GRU_RETURN_IF_ERROR(keep_input(call, *pass));
  pass->version = store_.version();
  pass->number = passes_;

  const std::size_t width = options_.output_size();
  GRU_RETURN_IF_ERROR(pass->output.reserve(*device_, CheckedSize(pass->rows.map().rows()) * width));
  const DeviceMatrix<float> packed(pass->output.span(), width);
  GRU_RETURN_IF_ERROR(
      stack_.forward_training(*device_, pass_input(*pass, call.abort), packed, pass->activations));
  StagedOutput target;
  GRU_RETURN_IF_ERROR(target.open(*device_, call.output, staged_output_));
  GRU_RETURN_IF_ERROR(
      pass->rows.unpack(*device_, packed, DeviceMatrix<float>(target.view(), width)));
  GRU_RETURN_IF_ERROR(target.finish());
  GRU_RETURN_IF_ERROR(store_states(pass->rows, pass->activations, call));
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
  GRU_RETURN_IF_ERROR(refresh());
  pass.used = true;

  RecurrentGradients gradients;
  DeviceSpan<const float> staged;
  GRU_RETURN_IF_ERROR(stage_input(*device_, call.d_output, staged_output_, staged));
  if (!staged.empty()) {
    GRU_RETURN_IF_ERROR(pass.rows.pack(*device_,
                                       DeviceMatrix<const float>(staged, options_.output_size()),
                                       packed_gradient_, gradients.d_output));
  }
  GRU_RETURN_IF_ERROR(load_state(call.d_state, pass.rows, state_.staged,
                                 state_.sorted_final_gradient, gradients.d_state));
  GRU_RETURN_IF_ERROR(load_state(call.d_cell, pass.rows, cell_.staged, cell_.sorted_final_gradient,
                                 gradients.d_cell));

  StagedOutput d_input;
  StagedOutput parameters;
  GRU_RETURN_IF_ERROR(d_input.open(*device_, call.d_input, staged_input_));
  GRU_RETURN_IF_ERROR(parameters.open(*device_, call.parameters, staged_parameters_));
  const DeviceMatrix<float> padded_d_input(d_input.view(), options_.input_size);
  gradients.d_input = padded_d_input;
  if (!map.is_identity()) {
    GRU_RETURN_IF_ERROR(
        packed_d_input_.reserve(*device_, CheckedSize(map.rows()) * options_.input_size));
    gradients.d_input = DeviceMatrix<float>(packed_d_input_.span(), options_.input_size);
  }
  GRU_RETURN_IF_ERROR(state_.sorted_initial_gradient.reserve(*device_, state_count(map.batch())));
  gradients.d_initial_state = state_.sorted_initial_gradient.span();
  if (has_cell()) {
    GRU_RETURN_IF_ERROR(cell_.sorted_initial_gradient.reserve(*device_, state_count(map.batch())));
    gradients.d_initial_cell = cell_.sorted_initial_gradient.span();
  }
  gradients.parameters = parameters.view();

  GRU_RETURN_IF_ERROR(
      stack_.backward(*device_, pass_input(pass, call.abort),
                      DeviceMatrix<const float>(pass.output.span(), options_.output_size()),
                      pass.activations, gradients));
  GRU_RETURN_IF_ERROR(pass.rows.unpack(*device_, gradients.d_input, padded_d_input));
  GRU_RETURN_IF_ERROR(d_input.finish());
  GRU_RETURN_IF_ERROR(
      store_state(pass.rows, gradients.d_initial_state, state_.staged_final, call.d_initial_state));
  if (has_cell()) {
    GRU_RETURN_IF_ERROR(
        store_state(pass.rows, gradients.d_initial_cell, cell_.staged_final, call.d_initial_cell));
  }
  GRU_RETURN_IF_ERROR(parameters.finish());
  spare_ = std::move(pass);
  return {};
}

}  // namespace gru
