#include <algorithm>

#include "train/trainer.h"

/// Reading and writing the state of a trainer.

namespace gru {

struct Trainer::StateBuffer {
  const char* name;
  Buffer<float>* buffer;
};

/// The buffers that the options need.
std::vector<Trainer::StateBuffer> Trainer::state_buffers() {
  std::vector<StateBuffer> all{{"firstMoment", &optimizer_.first_moment()},
                               {"secondMoment", &optimizer_.second_moment()},
                               {"average", &average_}};
  std::erase_if(all, [](const StateBuffer& one) { return one.buffer->size() == 0; });
  return all;
}

Status Trainer::read_state(TrainerState& state) noexcept {
  return guarded([&]() -> Status {
    TrainerState read{optimizer_.updates(), passes_, {}, {}, {}};
    read.parameters.resize(model_->layout().count());
    GRU_RETURN_IF_ERROR(model_->read_parameters(read.parameters));
    for (const CarriedStates& states : training_states_) {
      GRU_RETURN_IF_ERROR(states.read(model_->device(), read.carried.emplace_back()));
    }
    for (const auto& [name, buffer] : state_buffers()) {
      TrainerState::Array& array = read.arrays.emplace_back();
      array.name = name;
      array.values.resize(buffer->size());
      GRU_RETURN_IF_ERROR(
          model_->device().download(array.values, DeviceSpan<const float>(buffer->span())));
    }
    state = std::move(read);
    return {};
  });
}

Status Trainer::write_state(const TrainerState& state) noexcept {
  return counted([&]() -> Status {
    const std::vector<StateBuffer> buffers = state_buffers();
    const bool fits = std::ranges::equal(
        buffers, state.arrays, [](const StateBuffer& own, const TrainerState::Array& given) {
          return given.name == own.name && given.values.size() == own.buffer->size();
        });
    const bool carried_fit = std::ranges::all_of(state.carried, [&](const CarriedCopy& copy) {
      return CarriedStates::fits(model_->graph(), copy);
    });
    if (!fits || !carried_fit || state.parameters.size() != model_->layout().count()) {
      return Status::value(
          "state: expected the arrays of a trainer of the same options, got others");
    }
    GRU_RETURN_IF_ERROR(model_->write_parameters(state.parameters));
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      GRU_RETURN_IF_ERROR(
          model_->device().upload(buffers[i].buffer->span(), state.arrays[i].values));
    }
    training_states_.resize(state.carried.size());
    for (std::size_t i = 0; i < training_states_.size(); ++i) {
      GRU_RETURN_IF_ERROR(training_states_[i].write(*model_, state.carried[i]));
    }
    optimizer_.set_updates(state.updates);
    passes_ = state.passes;
    discard();
    return {};
  });
}

}  // namespace gru
