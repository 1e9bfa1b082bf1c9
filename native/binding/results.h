#pragma once

#include <napi.h>

#include "base/parameters.h"
#include "device/device.h"

/// Making the JavaScript objects that calls return.

namespace gru::binding {

/// ParameterSpec[]
Napi::Value parameter_specs(Napi::Env env, const ParameterLayout& layout);
/// StepMetrics
Napi::Value step_metrics(Napi::Env env, const StepMetrics& metrics);

}  // namespace gru::binding
