#pragma once

#include "binding/entry.h"

namespace gru::binding {

/// `runtime()`: a NativeRuntime.
napi_value runtime(Arguments& arguments);
/// `cudaRuntime(cudaPlugin)`: a NativeCudaRuntime. Loads the CUDA plug-in.
napi_value cuda_runtime(Arguments& arguments);
/// `takeIgnoredVariables()`: IgnoredVariables.
napi_value take_ignored_variables(Arguments& arguments);
/// `setThreads(threads)`.
/// NativeLimits.
napi_value limits(napi_env env);
napi_value set_threads(Arguments& arguments);

}  // namespace gru::binding
