#include "binding/options.h"

#include "binding/option_reader.h"

namespace gru::binding {

namespace {

/// The options that stacks of every cell have.
RecurrentOptions read_stack(const OptionReader& from) {
  RecurrentOptions options;
  options.hidden_size = from.size("hiddenSize");
  options.num_layers = from.size("numLayers");
  options.bias = from.boolean("bias");
  options.dropout = static_cast<float>(from.fraction("dropout"));
  options.bidirectional = from.boolean("bidirectional");
  return options;
}

/// The further options of a layer that stands alone.
void read_layer(const OptionReader& from, RecurrentOptions& options) {
  options.input_size = from.size("inputSize");
  options.batch_first = from.boolean("batchFirst");
}

}  // namespace

RecurrentOptions read_gru_stack(const OptionReader& from) {
  RecurrentOptions options = read_stack(from);
  options.variant.reset = from.boolean("resetAfter") ? ResetGate::after : ResetGate::before;
  options.variant.update = from.choice<UpdateGate>(
      "updateGate", {{"retain", UpdateGate::retain}, {"replace", UpdateGate::replace}});
  return options;
}

RecurrentOptions read_gru_options(Napi::Value value) {
  const OptionReader from(value, "options");
  RecurrentOptions options = read_gru_stack(from);
  read_layer(from, options);
  return options;
}

RecurrentOptions read_lstm_stack(const OptionReader& from) {
  RecurrentOptions options = read_stack(from);
  options.cell = CellKind::lstm;
  return options;
}

RecurrentOptions read_lstm_options(Napi::Value value) {
  const OptionReader from(value, "options");
  RecurrentOptions options = read_lstm_stack(from);
  read_layer(from, options);
  return options;
}

DeviceRequest read_device_request(Napi::Value value) {
  const OptionReader from(value, "device");
  return {from.text("name"),
          from.choice<cuda::Precision>("precision", {{"float32", cuda::Precision::float32},
                                                     {"tf32", cuda::Precision::tf32},
                                                     {"bfloat16", cuda::Precision::bfloat16}}),
          from.text_or("argument", "device"), from.text_or("cudaPlugin", "")};
}

}  // namespace gru::binding
