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

/// Computes a step that begins with the states `before`, which may be empty: zeros. The states
/// after it are copied to `after`, which may be the same memory.
Status compute_step(Inference& inference, const SessionStep& call, DeviceSpan<const float> before,
                    DeviceSpan<float> after) {
  GraphPass& pass = inference.memory().step;
  GRU_RETURN_IF_ERROR(inference.load_inputs(call.inputs, pass));
  if (!before.empty()) inference.graph().begin_step(before, pass);
  GRU_RETURN_IF_ERROR(inference.forward(call.abort, pass));
  GRU_RETURN_IF_ERROR(inference.store_outputs(pass, call.outputs));
  return inference.graph().end_step(inference.device(), pass, after);
}

}  // namespace

Status Session::create(std::shared_ptr<Model> model, std::size_t batch,
                       std::unique_ptr<Session>& session) noexcept {
  return guarded([&]() -> Status {
    std::vector<std::size_t> inputs(model->graph().options().inputs.size());
    std::iota(inputs.begin(), inputs.end(), std::size_t{0});
    GRU_RETURN_IF_ERROR(model->graph().check_stepwise(inputs));
    session.reset(new Session(std::move(model), batch));
    return {};
  });
}

Status Session::reserve_states() {
  GRU_RETURN_IF_ERROR(states_.reserve(model_->device(), state_count()));
  held_.store(states_.bytes(), std::memory_order_relaxed);
  return {};
}

Status Session::step(const SessionStep& call) noexcept {
  return guarded([&] { return run(call); });
}

Status Session::run(const SessionStep& call) {
  Inference inference(*model_);
  GRU_RETURN_IF_ERROR(inference.begin());
  GRU_RETURN_IF_ERROR(reserve_states());
  const DeviceSpan<const float> before = is_zero_ ? DeviceSpan<const float>() : states_.span();
  GRU_RETURN_IF_ERROR(compute_step(inference, call, before, states_.span()));
  is_zero_ = false;
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
  GRU_RETURN_IF_ERROR(states.reserve(device, model.graph().state_count(batch)));
  std::size_t first = 0;
  for (Session* const session : sessions) {
    GRU_RETURN_IF_ERROR(session->gather(device, states.span(), batch, first));
    // Before the step, so that nothing but a failing device can fail after it.
    GRU_RETURN_IF_ERROR(session->reserve_states());
    first += session->batch_;
  }
  GRU_RETURN_IF_ERROR(compute_step(inference, call, states.span(), states.span()));
  first = 0;
  for (Session* const session : sessions) {
    GRU_RETURN_IF_ERROR(session->scatter(device, states.span(), batch, first));
    first += session->batch_;
  }
  return {};
}

Status Session::gather(Device& device, DeviceSpan<float> all, std::size_t batch,
                       std::size_t first) const {
  return for_each_block(graph(), batch_, batch, first, [&](const StateRows& rows) {
    const DeviceSpan<float> to = all.subspan(rows.in_batch, rows.count);
    return is_zero_ ? device.fill(DeviceMatrix<float>(to, rows.count), 0)
                    : copy_values(device, to, states_.span().subspan(rows.in_session, rows.count));
  });
}

Status Session::scatter(Device& device, DeviceSpan<const float> all, std::size_t batch,
                        std::size_t first) {
  is_zero_ = false;
  return for_each_block(graph(), batch_, batch, first, [&](const StateRows& rows) {
    return copy_values(device, states_.span().subspan(rows.in_session, rows.count),
                       all.subspan(rows.in_batch, rows.count));
  });
}

Status Session::copy_from(const Session& other) noexcept {
  return guarded([&]() -> Status {
    if (!other.is_zero_) {
      GRU_RETURN_IF_ERROR(reserve_states());
      GRU_RETURN_IF_ERROR(copy_values(model_->device(), states_.span(), other.states_.span()));
    }
    is_zero_ = other.is_zero_;
    return {};
  });
}

Status Session::read_states(std::span<float> states) const noexcept {
  return guarded([&]() -> Status {
    if (!is_zero_) return model_->device().download(states, states_.span());
    std::ranges::fill(states, 0.0F);
    return {};
  });
}

Status Session::write_states(std::span<const float> states) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(reserve_states());
    GRU_RETURN_IF_ERROR(model_->device().upload(states_.span(), states));
    is_zero_ = false;
    return {};
  });
}

}  // namespace gru
