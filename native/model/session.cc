#include "model/session.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "model/inference.h"

namespace gru {

namespace {

/// Rows [sequences, width] of one block of a state, which lie both in the states of a session and
/// in those of a batch that it is a part of.
struct StateRows {
  std::size_t in_session;  ///< offset of the first value
  std::size_t in_batch;
  std::size_t count;  ///< values
};

/// Calls body(rows) for each block of each state. `first` is the row of the session's first
/// sequence in the batch.
template <class Body>
Status for_each_block(const Graph& graph, std::size_t sequences, std::size_t batch,
                      std::size_t first, const Body& body) {
  std::size_t before = 0;  // values of one sequence
  for (const GraphState& state : graph.states()) {
    const std::size_t width = state.shape.width;
    for (std::size_t block = 0; block < state.shape.blocks; ++block) {
      GRU_RETURN_IF_ERROR(
          body(StateRows{before * sequences, before * batch + first * width, sequences * width}));
      before += width;
    }
  }
  return {};
}

Status copy_values(Device& device, DeviceSpan<float> to, DeviceSpan<const float> from) {
  return device.copy(DeviceMatrix<float>(to, to.size()),
                     DeviceMatrix<const float>(from, from.size()));
}

/// Computes the outputs of a step that begins with the states `before`, which may be empty: zeros.
Status compute_step(Inference& inference, const SessionStep& call, DeviceSpan<const float> before) {
  const Graph& graph = inference.graph();
  GraphPass& pass = inference.memory().step;
  GRU_RETURN_IF_ERROR(inference.load_inputs(call.inputs, pass));
  if (!before.empty()) graph.begin_step(graph.states(), before, pass);
  GRU_RETURN_IF_ERROR(inference.forward(call.abort, pass));
  return inference.store_outputs(pass, call.outputs);
}

/// Copies the states after that step.
Status end_step(Inference& inference, DeviceSpan<float> states) {
  const Graph& graph = inference.graph();
  return graph.end_step(inference.device(), inference.memory().step, graph.states(), states);
}

}  // namespace

Status Session::create(std::shared_ptr<Model> model, std::size_t batch,
                       std::unique_ptr<Session>& session) noexcept {
  return guarded([&]() -> Status {
    std::vector<std::size_t> inputs(model->graph().options().inputs.size());
    std::iota(inputs.begin(), inputs.end(), std::size_t{0});
    GRU_RETURN_IF_ERROR(model->graph().check_stepwise(inputs));
    session.reset(new Session(std::move(model), nullptr, batch));
    return {};
  });
}

Status Session::create(std::shared_ptr<Decoder> decoder, std::size_t batch,
                       std::unique_ptr<Session>& session) noexcept {
  return guarded([&]() -> Status {
    const std::shared_ptr<Model> model = decoder->model();
    session.reset(new Session(model, std::move(decoder), batch));
    return {};
  });
}

Status Session::encode(std::span<const InputBatch> inputs, const AbortFlag* abort) noexcept {
  return guarded([&]() -> Status {
    auto context = std::make_shared<DecoderContext>();
    GRU_RETURN_IF_ERROR(decoder_->encode(inputs, abort, *context));
    context_ = std::move(context);
    held_ = Held::initial;
    return {};
  });
}

Status Session::check_states() const {
  if (held_ == Held::lost) {
    return Status::device(
        "session: expected states, got none: the device failed while it copied them. Reset the "
        "session, or set its state");
  }
  if (!decoder_ || context_) return {};
  return Status::value("session: expected sources before the first step, got none");
}

DeviceSpan<const float> Session::before() const {
  if (held_ == Held::own) return states_.span();
  return context_ ? context_->initial_states() : DeviceSpan<const float>();
}

Status Session::reserve_states() {
  GRU_RETURN_IF_ERROR(states_.reserve(model_->device(), value_count()));
  bytes_.store(states_.bytes(), std::memory_order_relaxed);
  return {};
}

Status Session::step(const SessionStep& call) noexcept {
  return guarded([&] { return run(call); });
}

Status Session::compute(Inference& inference, const SessionStep& call) {
  if (!decoder_) return compute_step(inference, call, before());
  return context_->step(inference, decoder_->parts(),
                        {call.inputs[0], call.outputs[0], before(), call.abort});
}

Status Session::run(const SessionStep& call) {
  GRU_RETURN_IF_ERROR(check_states());
  Inference inference(*model_);
  GRU_RETURN_IF_ERROR(inference.begin());
  GRU_RETURN_IF_ERROR(reserve_states());
  GRU_RETURN_IF_ERROR(compute(inference, call));
  held_ = Held::lost;  // until all are copied
  GRU_RETURN_IF_ERROR(decoder_ ? context_->end_step(inference, decoder_->parts(), states_.span())
                               : end_step(inference, states_.span()));
  held_ = Held::own;
  return {};
}

Status Session::step_together(std::span<Session* const> sessions,
                              const SessionStep& call) noexcept {
  return guarded([&] { return run_together(sessions, call); });
}

Status Session::run_together(std::span<Session* const> sessions, const SessionStep& call) {
  Model& model = *sessions[0]->model_;
  Inference inference(model);
  GRU_RETURN_IF_ERROR(inference.begin());
  Device& device = inference.device();
  Buffer<float>& states = inference.memory().step_states;
  const std::size_t batch = call.inputs[0].shape.batch;
  GRU_RETURN_IF_ERROR(states.reserve(device, count_values(model.graph().states(), batch)));
  std::size_t first = 0;
  for (Session* const session : sessions) {
    GRU_RETURN_IF_ERROR(session->check_states());
    GRU_RETURN_IF_ERROR(session->gather(device, states.span(), batch, first));
    // Before the step, so that nothing but a failing device can fail after it.
    GRU_RETURN_IF_ERROR(session->reserve_states());
    first += session->batch_;
  }
  GRU_RETURN_IF_ERROR(compute_step(inference, call, states.span()));
  GRU_RETURN_IF_ERROR(end_step(inference, states.span()));
  for (Session* const session : sessions) session->held_ = Held::lost;  // until all are copied
  first = 0;
  for (Session* const session : sessions) {
    GRU_RETURN_IF_ERROR(session->scatter(device, states.span(), batch, first));
    first += session->batch_;
  }
  for (Session* const session : sessions) session->held_ = Held::own;
  return {};
}

Status Session::gather(Device& device, DeviceSpan<float> all, std::size_t batch,
                       std::size_t first) const {
  return for_each_block(graph(), batch_, batch, first, [&](const StateRows& rows) {
    const DeviceSpan<float> to = all.subspan(rows.in_batch, rows.count);
    return held_ == Held::initial
               ? device.fill(DeviceMatrix<float>(to, rows.count), 0)
               : copy_values(device, to, states_.span().subspan(rows.in_session, rows.count));
  });
}

Status Session::scatter(Device& device, DeviceSpan<const float> all, std::size_t batch,
                        std::size_t first) {
  return for_each_block(graph(), batch_, batch, first, [&](const StateRows& rows) {
    return copy_values(device, states_.span().subspan(rows.in_session, rows.count),
                       all.subspan(rows.in_batch, rows.count));
  });
}

Status Session::copy_from(const Session& other) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(other.check_states());
    const Held held = other.held_;  // the other one may be this one
    if (held == Held::own) {
      GRU_RETURN_IF_ERROR(reserve_states());
      held_ = Held::lost;
      GRU_RETURN_IF_ERROR(copy_values(model_->device(), states_.span(), other.states_.span()));
    }
    context_ = other.context_;
    held_ = held;
    return {};
  });
}

Status Session::read_states(std::span<float> states) const noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_states());
    const DeviceSpan<const float> held = before();
    if (!held.empty()) return model_->device().download(states, held);
    std::ranges::fill(states, 0.0F);
    return {};
  });
}

Status Session::write_states(std::span<const float> states) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(reserve_states());
    held_ = Held::lost;
    GRU_RETURN_IF_ERROR(model_->device().upload(states_.span(), states));
    held_ = Held::own;
    return {};
  });
}

}  // namespace gru
