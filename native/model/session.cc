#include "model/session.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace gru {

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

Status Session::step(const SessionStep& call) noexcept {
  return guarded([&] { return run(call); });
}

Status Session::run(const SessionStep& call) {
  GraphPass& pass = model_->step_pass();
  GRU_RETURN_IF_ERROR(model_->load_inputs(call.inputs, pass));
  GRU_RETURN_IF_ERROR(states_.reserve(model_->device(), state_count()));
  if (!is_zero_) graph().begin_step(states_.span(), pass);
  GRU_RETURN_IF_ERROR(model_->forward(call.abort, pass));
  for (std::size_t i = 0; i < call.outputs.size(); ++i) {
    GRU_RETURN_IF_ERROR(model_->store_output(pass, i, call.outputs[i]));
  }
  GRU_RETURN_IF_ERROR(graph().end_step(model_->device(), pass, states_.span()));
  is_zero_ = false;
  return {};
}

Status Session::copy_from(const Session& other) noexcept {
  return guarded([&]() -> Status {
    if (!other.is_zero_) {
      GRU_RETURN_IF_ERROR(states_.reserve(model_->device(), state_count()));
      const std::size_t count = states_.size();
      GRU_RETURN_IF_ERROR(
          model_->device().copy(DeviceMatrix<float>(states_.span(), count),
                                DeviceMatrix<const float>(other.states_.span(), count)));
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
    GRU_RETURN_IF_ERROR(states_.reserve(model_->device(), states.size()));
    GRU_RETURN_IF_ERROR(model_->device().upload(states_.span(), states));
    is_zero_ = false;
    return {};
  });
}

}  // namespace gru
