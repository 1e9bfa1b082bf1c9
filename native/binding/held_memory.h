#pragma once

#include <node_api.h>

#include <cstddef>

namespace gru::binding {

/// The bytes of what JavaScript objects own on the device of an object that they share.
struct DependentBytes {
  std::size_t trainers = 0;
  std::size_t passes = 0;
  std::size_t sessions = 0;

  std::size_t total() const { return trainers + passes + sessions; }
};

/// LayerMemory: `total` are all bytes on the layer's device.
napi_value make_layer_memory(napi_env env, std::size_t total, std::size_t parameters,
                             const DependentBytes& dependents);
/// ModelMemory
napi_value make_model_memory(napi_env env, std::size_t total, std::size_t parameters,
                             const DependentBytes& dependents);
/// PassMemory
napi_value make_pass_memory(napi_env env, std::size_t total, std::size_t inputs);

}  // namespace gru::binding
