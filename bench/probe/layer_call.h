#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "model/recurrent_module.h"

namespace gru::probe {

/// Forward calls of one layer through the engine's C++ interface, with one sequence.
class LayerCall {
 public:
  static Status create(std::size_t steps, std::size_t input_size, std::size_t hidden_size,
                       std::unique_ptr<LayerCall>& call);

  /// The median time of a call in seconds, measured for `seconds`.
  Status measure(double seconds, double& seconds_per_call);

 private:
  LayerCall(std::size_t steps, std::size_t input_size, std::size_t hidden_size);

  std::unique_ptr<RecurrentModule> layer_;
  std::size_t steps_;
  std::vector<float> input_;
  std::vector<float> initial_state_;
  std::vector<float> output_;
  std::vector<float> state_;
};

}  // namespace gru::probe
