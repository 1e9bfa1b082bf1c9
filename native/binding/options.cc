#include "binding/options.h"

#include <limits>
#include <string>
#include <utility>

#include "binding/values.h"

namespace gru::binding {

namespace {

/// An object and the name that messages know it by.
class Options {
 public:
  Options(Napi::Value value, const char* name) : env_(value.Env()) {
    if (!value.IsObject()) refuse_type(name, "an object", describe(env_, value));
    object_ = value.As<Napi::Object>();
  }

  /// Runs the getter, where the property has one.
  Napi::Value get(const char* key) const { return object_.Get(key); }

  std::size_t size(const char* key, std::uint64_t minimum = 1) const {
    return read_integer(env_, get(key), key, minimum, max_extent);
  }

  std::string text(const char* key) const { return read_string(env_, get(key), key, "a string"); }
  std::string text_or(const char* key, const char* fallback) const {
    return is_undefined(env_, get(key)) ? fallback : text(key);
  }

  bool boolean(const char* key) const { return read_boolean(env_, get(key), key); }

  /// A finite number, 0 or more.
  double number(const char* key) const {
    return number_below(key, std::numeric_limits<double>::infinity(), "a finite number at least 0");
  }

  /// A number from 0 to below 1.
  double fraction(const char* key) const {
    return number_below(key, 1, "a finite number at least 0 and below 1");
  }

  template <class T>
  T choice(const char* key, std::initializer_list<std::pair<const char*, T>> choices) const {
    std::string expected;
    for (const auto& [name, meaning] : choices) {
      expected += (expected.empty() ? "one of \"" : ", \"") + std::string(name) + '"';
    }
    const Napi::Value value = get(key);
    const std::string text = read_string(env_, value, key, expected);
    for (const auto& [name, meaning] : choices) {
      if (text == name) return meaning;
    }
    refuse_value(key, expected, describe(env_, value));
  }

 private:
  double number_below(const char* key, double limit, const char* expected) const {
    const Napi::Value value = get(key);
    const double number = read_number(env_, value, key, expected);
    if (number >= 0 && number < limit) return number;
    refuse_value(key, expected, describe(env_, value));
  }

  Napi::Env env_;
  Napi::Object object_;
};

/// What layers of every cell have.
RecurrentOptions read_recurrent_options(const Options& from) {
  RecurrentOptions options;
  options.input_size = from.size("inputSize");
  options.hidden_size = from.size("hiddenSize");
  options.num_layers = from.size("numLayers");
  options.bias = from.boolean("bias");
  options.batch_first = from.boolean("batchFirst");
  options.dropout = static_cast<float>(from.fraction("dropout"));
  options.bidirectional = from.boolean("bidirectional");
  return options;
}

}  // namespace

RecurrentOptions read_gru_options(Napi::Value value) {
  const Options from(value, "options");
  RecurrentOptions options = read_recurrent_options(from);
  options.variant.reset = from.boolean("resetAfter") ? ResetGate::after : ResetGate::before;
  options.variant.update = from.choice<UpdateGate>(
      "updateGate", {{"retain", UpdateGate::retain}, {"replace", UpdateGate::replace}});
  return options;
}

RecurrentOptions read_lstm_options(Napi::Value value) {
  RecurrentOptions options = read_recurrent_options(Options(value, "options"));
  options.cell = CellKind::lstm;
  return options;
}

GraphOptions read_model_options(Napi::Value value) {
  const Options from(value, "options");
  const std::size_t tokens = from.size("tokens", 0);
  const RecurrentOptions stack = read_gru_options(from.get("gru"));
  const LinearOptions head{from.size("outputSize")};
  const auto loss =
      from.choice<LossKind>("loss", {{"crossEntropy", LossKind::cross_entropy},
                                     {"meanSquaredError", LossKind::mean_squared_error}});
  const auto every = from.choice<Every>("every", {{"step", Every::step}, {"last", Every::last}});

  GraphOptions options;
  options.inputs = {{"input", tokens > 0, tokens > 0 ? tokens : stack.input_size}};
  std::string below = "input";
  const auto append = [&](const char* name, LayerKind kind) {
    options.layers.push_back({name, {below}, std::move(kind)});
    below = name;
  };
  if (tokens > 0) append("embedding", EmbeddingOptions{stack.input_size});
  append("gru", stack);
  if (every == Every::last) append("last", SelectOptions{});
  append("head", head);
  options.outputs = {{"head", {loss}}};
  options.batch_first = stack.batch_first;
  return options;
}

OptimizerOptions read_optimizer_options(Napi::Value value) {
  const Options from(value, "options");
  OptimizerOptions options;
  options.kind = from.choice<OptimizerKind>("kind", {{"sgd", OptimizerKind::sgd},
                                                     {"adam", OptimizerKind::adam},
                                                     {"adamw", OptimizerKind::adamw},
                                                     {"rmsprop", OptimizerKind::rmsprop}});
  options.learning_rate = from.number("learningRate");
  options.momentum = from.number("momentum");
  options.beta1 = from.fraction("beta1");
  options.beta2 = from.fraction("beta2");
  options.decay = from.number("decay");
  options.epsilon = from.number("epsilon");
  options.weight_decay = from.number("weightDecay");
  return options;
}

ClipOptions read_clip_options(Napi::Value value) {
  const Options from(value, "options");
  return {from.number("clipNorm"), from.number("clipValue")};
}

DeviceRequest read_device_request(Napi::Value value) {
  const Options from(value, "device");
  return {from.text("name"),
          from.choice<cuda::Precision>("precision", {{"float32", cuda::Precision::float32},
                                                     {"tf32", cuda::Precision::tf32},
                                                     {"bfloat16", cuda::Precision::bfloat16}}),
          from.text_or("argument", "device")};
}

}  // namespace gru::binding
