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

std::vector<std::string> Trainer::array_names() {
  std::vector<std::string> names;
  for (const StateBuffer& one : state_buffers()) names.emplace_back(one.name);
  return names;
}

Status Trainer::read_state(TrainerState& state, std::span<float> parameters,
                           std::span<const std::span<float>> arrays) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(optimizer_.prepare(model_->device()));
    TrainerState read{optimizer_.updates(), passes_, {}, array_names()};
    GRU_RETURN_IF_ERROR(model_->read_parameters(parameters));
    for (const CarriedStates& states : training_states_) {
      GRU_RETURN_IF_ERROR(states.read(model_->device(), read.carried.emplace_back()));
    }
    const std::vector<StateBuffer> buffers = state_buffers();
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      GRU_RETURN_IF_ERROR(
          model_->device().download(arrays[i], DeviceSpan<const float>(buffers[i].buffer->span())));
    }
    state = std::move(read);
    return {};
  });
}

Status Trainer::write_state(const TrainerState& state) noexcept {
  return counted([&]() -> Status {
    const bool carried_fit = std::ranges::all_of(state.carried, [&](const CarriedCopy& copy) {
      return CarriedStates::fits(model_->graph(), copy);
    });
    if (state.arrays != array_names() || !carried_fit) {
      return Status::value(
          "state: expected the arrays of a trainer of the same options, got others");
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

Status Trainer::write_array(std::string_view name, std::size_t offset,
                            std::span<const float> values) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(optimizer_.prepare(model_->device()));
    for (const StateBuffer& one : state_buffers()) {
      if (one.name != name) continue;
      return model_->device().upload(one.buffer->span().subspan(offset, values.size()), values);
    }
    return Status::value("array: expected one that the options need, got " + std::string(name));
  });
}

}  // namespace gru
