#pragma once

#include <napi.h>

#include "base/options.h"
#include "binding/devices.h"

/// Reads the objects that constructors take. Their getters may run JavaScript code and throw; the
/// exception is passed on as a Napi::Error. The engine checks ranges that depend on the model.

namespace gru::binding {

class OptionReader;

/// A NativeGruOptions.
RecurrentOptions read_gru_options(Napi::Value value);
/// A NativeRecurrentOptions, for an LSTM.
RecurrentOptions read_lstm_options(Napi::Value value);
/// The options that a single layer and a stack in a graph share: all except the size of the
/// input and the order of its axes.
RecurrentOptions read_gru_stack(const OptionReader& from);
RecurrentOptions read_lstm_stack(const OptionReader& from);
/// A NativeDeviceOptions.
DeviceRequest read_device_request(Napi::Value value);

}  // namespace gru::binding
