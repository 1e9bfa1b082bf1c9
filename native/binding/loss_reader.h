#pragma once

#include <napi.h>

#include <string>

#include "base/loss_options.h"

namespace gru::binding {

/// A NativeLossOptions, which messages call `name`. Runs its getters.
LossOptions read_loss(Napi::Value value, const std::string& name);

}  // namespace gru::binding
