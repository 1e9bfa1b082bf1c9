#pragma once

#include <memory>

#include "binding/object_class.h"
#include "binding/parameter_jobs.h"
#include "binding/shared_native.h"
#include "model/recurrent_module.h"

namespace gru::binding {

using SharedLayer = SharedNative<RecurrentModule>;

/// The names of a cell's layer in JavaScript and in messages.
struct LayerNames {
  const char* class_name;
  napi_type_tag type_tag;
  const char* layer;
  const char* forward;
  const char* forward_sync;
  const char* forward_training;
  const char* forward_training_sync;
  const char* trim;
  const char* instead_of_forward_sync;
  const char* instead_of_forward_training_sync;
};

inline constexpr LayerNames gru_names{
    .class_name = "NativeGru",
    .type_tag = {0x503a78dc645a736f, 0xf4bf8d354868085f},
    .layer = "gru",
    .forward = "gru.forward",
    .forward_sync = "gru.forwardSync",
    .forward_training = "gru.forwardTraining",
    .forward_training_sync = "gru.forwardTrainingSync",
    .trim = "gru.trim",
    .instead_of_forward_sync = "await it, or call gru.forward, which waits for its turn",
    .instead_of_forward_training_sync =
        "await it, or call gru.forwardTraining, which waits for its turn",
};

inline constexpr LayerNames lstm_names{
    .class_name = "NativeLstm",
    .type_tag = {0x8d1f6b0c3a7e4952, 0xb64c91e2f05d7a38},
    .layer = "lstm",
    .forward = "lstm.forward",
    .forward_sync = "lstm.forwardSync",
    .forward_training = "lstm.forwardTraining",
    .forward_training_sync = "lstm.forwardTrainingSync",
    .trim = "lstm.trim",
    .instead_of_forward_sync = "await it, or call lstm.forward, which waits for its turn",
    .instead_of_forward_training_sync =
        "await it, or call lstm.forwardTraining, which waits for its turn",
};

constexpr const LayerNames& names_of(CellKind cell) {
  return cell == CellKind::lstm ? lstm_names : gru_names;
}

/// A NativeRecurrent in JavaScript: NativeGru or NativeLstm.
template <CellKind cell>
class RecurrentObject {
 public:
  static constexpr const char* class_name = names_of(cell).class_name;
  static constexpr const napi_type_tag& type_tag = names_of(cell).type_tag;
  static std::unique_ptr<RecurrentObject> construct(Arguments& arguments);
  static napi_value define(Surface& surface);

  explicit RecurrentObject(std::shared_ptr<SharedLayer> layer) : layer_(std::move(layer)) {}

  napi_value device(Arguments& arguments) { return layer_->device(arguments); }
  napi_value parameter_count(Arguments& arguments) { return layer_->parameter_count(arguments); }
  napi_value parameter_specs(Arguments& arguments) { return layer_->parameter_specs(arguments); }
  napi_value read_parameters_sync(Arguments& arguments) {
    return layer_->read_parameters_sync(arguments);
  }
  napi_value read_parameters(Arguments& arguments) {
    return start_reading_parameters(*layer_, arguments);
  }
  napi_value write_parameters_sync(Arguments& arguments) {
    return layer_->write_parameters_sync(arguments);
  }
  napi_value write_parameters(Arguments& arguments) {
    return start_writing_parameters(*layer_, arguments);
  }
  napi_value forward_sync(Arguments& arguments);
  napi_value forward(Arguments& arguments);
  napi_value forward_training_sync(Arguments& arguments);
  napi_value forward_training(Arguments& arguments);
  napi_value memory(Arguments& arguments);
  napi_value trim_sync(Arguments& arguments);
  napi_value trim(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  static constexpr const LayerNames& names = names_of(cell);
  std::shared_ptr<SharedLayer> layer_;
};

/// The number of parameters of a layer with such options. The layer is not made.
template <CellKind cell>
napi_value count_layer_parameters(Arguments& arguments);

using GruObject = RecurrentObject<CellKind::gru>;
using LstmObject = RecurrentObject<CellKind::lstm>;

}  // namespace gru::binding
