#include "binding/held_memory.h"

#include "binding/results.h"

namespace gru::binding {

namespace {

/// The parts are of different moments if calls are pending, so their sum may exceed `total`.
std::size_t rest_of(std::size_t total, std::size_t parts) {
  return total > parts ? total - parts : 0;
}

}  // namespace

napi_value make_layer_memory(napi_env env, std::size_t total, std::size_t parameters,
                             const DependentBytes& dependents) {
  const std::size_t working = rest_of(total, parameters + dependents.total());
  return make_object(env, {{"total", make_size(env, total)},
                           {"parameters", make_size(env, parameters)},
                           {"working", make_size(env, working)},
                           {"passes", make_size(env, dependents.passes)}});
}

napi_value make_model_memory(napi_env env, std::size_t total, std::size_t parameters,
                             const DependentBytes& dependents) {
  const std::size_t working = rest_of(total, parameters + dependents.total());
  return make_object(env, {{"total", make_size(env, total)},
                           {"parameters", make_size(env, parameters)},
                           {"working", make_size(env, working)},
                           {"trainers", make_size(env, dependents.trainers)},
                           {"passes", make_size(env, dependents.passes)},
                           {"sessions", make_size(env, dependents.sessions)}});
}

napi_value make_pass_memory(napi_env env, std::size_t total, std::size_t inputs) {
  return make_object(env, {{"total", make_size(env, total)},
                           {"inputs", make_size(env, inputs)},
                           {"activations", make_size(env, rest_of(total, inputs))}});
}

}  // namespace gru::binding
