#pragma once

#include <napi.h>

#include "base/options.h"
#include "binding/devices.h"

/// Reading the objects that constructors take. Their getters may run code of JavaScript's and
/// throw; that exception passes through as a Napi::Error. Ranges that follow from the model are
/// the engine's to check.

namespace gru::binding {

class OptionReader;

/// A NativeGruOptions.
RecurrentOptions read_gru_options(Napi::Value value);
/// A NativeRecurrentOptions, for an LSTM.
RecurrentOptions read_lstm_options(Napi::Value value);
/// What a layer of its own and a stack in a graph have in common: all but the size of the input and
/// the order of its axes.
RecurrentOptions read_gru_stack(const OptionReader& from);
RecurrentOptions read_lstm_stack(const OptionReader& from);
/// A NativeDeviceOptions.
DeviceRequest read_device_request(Napi::Value value);

}  // namespace gru::binding
